// Links in what a terminal shows: said where they lead before they are followed, and followed only on purpose.
import { WebLinksAddon } from '@xterm/addon-web-links'
import type { ILinkHandler, ILinkProvider, Terminal } from '@xterm/xterm'
import { isMac } from '../platform/mac.ts'
import { safeLink } from './safeLink.ts'

export interface ShownLink {
  address: string
  /** A finger has no key to hold: it taps once more. */
  byTouch: boolean
  /** In the lower half of the place, where words about it belong above. */
  isLow: boolean
}

export interface LinksOptions {
  place: HTMLElement
  /** What is under the pointer, or was tapped; null when it is left. */
  onLink: (link: ShownLink | null) => void
}

/** The emulator asks these when the pointer comes to a line; it has no public way to ask them for somebody who has no pointer. */
const providersOf = (terminal: Terminal): readonly ILinkProvider[] =>
  (terminal as unknown as { _core: { _linkProviderService: { linkProviders: ILinkProvider[] } } })._core
    ._linkProviderService.linkProviders

/** The addresses on the screen, each once; what was written last comes first. */
export const linksOf = (terminal: Terminal): string[] => {
  const found = new Set<string>()
  const top = terminal.buffer.active.viewportY
  for (let row = terminal.rows; row > 0; row--)
    for (const provider of providersOf(terminal))
      provider.provideLinks(top + row, (links) => {
        for (const { text } of links ?? []) {
          const address = safeLink(text)
          if (address) found.add(address)
        }
      })
  return [...found]
}

/** Those that a program marks as links (OSC 8), and addresses that stand in its text. */
export const addLinks = (terminal: Terminal, { place, onLink }: LinksOptions): void => {
  let shown: string | null = null
  let tapped: string | null = null
  let byTouch = false
  const tell = (link: ShownLink | null): void => {
    shown = link?.address ?? null
    onLink(link)
  }
  const activate = ({ ctrlKey, metaKey }: MouseEvent, text: string): void => {
    const address = safeLink(text)
    // A drag that ends on the link it began on selects, and so does a double tap: the one goes nowhere, the other is meant.
    const isMeant = byTouch ? tapped === address : (isMac ? metaKey : ctrlKey) && !terminal.hasSelection()
    if (address && isMeant) window.open(address, '_blank', 'noopener,noreferrer')
  }
  const hover = ({ clientY }: MouseEvent, text: string): void => {
    const address = safeLink(text)
    const { top, height } = place.getBoundingClientRect()
    tell(address === null ? null : { address, byTouch, isLow: clientY > top + height / 2 })
  }
  const handler = { activate, hover, leave: () => tell(null) } satisfies ILinkHandler
  terminal.options.linkHandler = handler
  terminal.loadAddon(new WebLinksAddon(activate, handler))

  place.addEventListener('pointermove', ({ pointerType }) => (byTouch = pointerType === 'touch'), { capture: true })
  place.addEventListener(
    'pointerdown',
    ({ pointerType }) => {
      byTouch = pointerType === 'touch'
      // The mouse events that follow a tap tell of the link; what was told before is what the user knew.
      tapped = shown
    },
    { capture: true },
  )

  // The emulator keeps what links a line had when the pointer came to it, and would show no link that was written there since.
  let isStale = false
  terminal.onRender(() => (isStale = true))
  place.addEventListener(
    'mousemove',
    ({ clientX, clientY }) => {
      const screen = place.querySelector('.xterm-screen')
      if (!isStale || !screen) return
      isStale = false
      // To another line and back, as far as the emulator knows.
      const { top, bottom } = screen.getBoundingClientRect()
      const elsewhere = clientY < (top + bottom) / 2 ? bottom - 1 : top + 1
      screen.dispatchEvent(new MouseEvent('mousemove', { clientX, clientY: elsewhere }))
    },
    { capture: true },
  )
}
