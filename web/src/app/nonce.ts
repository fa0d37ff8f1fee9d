// Lets libraries that create <style> elements run under a policy that only trusts this page's nonce.

/** The nonce of this answer of the api; empty under the development server, which sends no policy. */
export const pageNonce = (): string =>
  document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? ''

interface Maker {
  createElement(tag: string, options?: ElementCreationOptions): HTMLElement
}

/**
 * Must run before anything mounts: a <style> that is created without the nonce stays without effect. A style attribute
 * written as text has none either, so it is set through the object model, which the policy trusts.
 */
export const signStyles = (nonce: string): void => {
  const { setAttribute } = Element.prototype
  Element.prototype.setAttribute = function (
    this: Element & Partial<ElementCSSInlineStyle>,
    name: string,
    value: string,
  ) {
    if (name === 'style' && this.style) this.style.cssText = value
    else setAttribute.call(this, name, value)
  }

  const maker: Maker = document
  const create = maker.createElement.bind(document)
  maker.createElement = (tag, options) => {
    const element = create(tag, options)
    if (element instanceof HTMLStyleElement) element.nonce = nonce
    return element
  }
}
