// Lets libraries that create <style> elements run under a policy that only trusts this page's nonce.

/** The nonce of this answer of the api; empty under the development server, which sends no policy. */
export const pageNonce = (): string => document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? ''

/** Must run before anything mounts: a <style> that is created without the nonce stays without effect. */
export const signStyles = (nonce: string): void => {
  const create = document.createElement.bind(document)
  document.createElement = ((tag: string, options?: ElementCreationOptions) => {
    const element = create(tag, options)
    if (element instanceof HTMLStyleElement) element.nonce = nonce
    return element
  }) as typeof document.createElement
}
