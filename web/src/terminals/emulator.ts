// The emulator on the page: xterm.js in the look of the console, drawn by the graphics card where there is one.
import { FitAddon } from '@xterm/addon-fit'
import { SearchAddon } from '@xterm/addon-search'
import { WebglAddon } from '@xterm/addon-webgl'
import { Terminal } from '@xterm/xterm'
import '@xterm/xterm/css/xterm.css'
import { LIMITS } from '@sindri/schema/contract/limits'
import { t } from '../words/words.ts'
import { matches, type ThemeName, themes } from './emulatorThemes.ts'
import { addLinks, linksOf, type ShownLink } from './links.ts'
import type { Screen, Size } from './picture.ts'
import type { TerminalPreferences } from './terminalPreferences.ts'

export type EmulatorLook = Pick<TerminalPreferences, 'fontFamily' | 'fontSize' | 'scrollback' | 'screenReader'>

/** Where the match that is shown stands among all; `at` is -1 beyond those that are counted. */
export interface Found {
  at: number
  count: number
}

export interface Emulator {
  screen: Screen
  /** The size that fits the place it is shown in; null while it has none. */
  fits(): Size | null
  /** Measures the cells anew, with the font that has come. */
  useFont(): void
  focus(): void
  blur(): void
  /** Gives the keyboard of a phone its place, or takes it away. */
  toggleKeyboard(): void
  /** As if it were typed. */
  key(data: string): void
  /** As a whole where the program wants it so. */
  paste(text: string): void
  /** What is selected, where anything is; must be called while the user acts. */
  copy(): void
  readonly hasSelection: boolean
  /** The addresses on the screen; what was written last comes first. */
  readonly links: readonly string[]
  /** The program takes a paste as a whole. */
  readonly bracketedPaste: boolean
  /** Whether the program wants its arrow keys in the form for full-screen programs. */
  readonly applicationArrows: boolean
  find(term: string, by: 'next' | 'previous' | 'here', matchCase: boolean): void
  endSearch(): void
  /** Nobody reads keys any more: no cursor waits for them. */
  end(): void
  setTheme(theme: ThemeName): void
  setLook(look: EmulatorLook): void
  /** Only what is shown is drawn by the graphics card: browsers grant a page few of its contexts. */
  setShown(isShown: boolean): void
  dispose(): void
}

export interface EmulatorOptions {
  place: HTMLElement
  theme: ThemeName
  look: EmulatorLook
  onData: (data: string | Uint8Array) => void
  /** Shift+F6 gives the keyboard back to the page. */
  onLeave: () => void
  /** Pasted by the keyboard, the mouse or the browser's menu; nothing is sent before `paste` is called. */
  onPaste: (text: string) => void
  /** The user has selected something; a good moment to copy it. */
  onSelected: () => void
  /** The data of an OSC 52 of the program. `replay`: it was shown before. */
  onClipboard: (data: string, replay: boolean) => void
  /** The link under the pointer; null when it leaves. */
  onLink: (link: ShownLink | null) => void
  /** Ctrl+Shift+O asks for the links on the screen. */
  onLinks: () => void
  onFound: (found: Found) => void
  /** Whether what is written now was shown before. */
  isReplaying: () => boolean
}

const font = '"JetBrains Mono Variable"'
/** The user's own first, where there is one; ours once it has come, for a page measures its cells by what it has. */
const familyOf = ({ fontFamily }: EmulatorLook, isOursHere: boolean): string =>
  [fontFamily && `"${fontFamily}"`, isOursHere && font, 'ui-monospace', 'monospace'].filter(Boolean).join(', ')
/** More matches than this are found one by one and not counted. */
export const COUNTED_MATCHES = 1000

/** Resolves when the terminal's font is there. Without it a cell has another height, and every size would be wrong. */
export const fontLoaded = async (): Promise<void> => {
  await document.fonts.load(`13px ${font}`)
}

const isFontHere = (): boolean => document.fonts.check(`13px ${font}`)

const numbers = new Intl.NumberFormat()
const [leastCols, mostCols] = LIMITS.terminalColumns
const [leastRows, mostRows] = LIMITS.terminalRows

export const openEmulator = (options: EmulatorOptions): Emulator => {
  const { place, onData } = options
  let { theme, look } = options
  const terminal = new Terminal({
    fontFamily: familyOf(look, isFontHere()),
    fontSize: look.fontSize,
    lineHeight: 18 / 17,
    fontWeightBold: 700,
    cursorBlink: false,
    cursorStyle: 'block',
    cursorInactiveStyle: 'outline',
    minimumContrastRatio: 4.5,
    scrollback: look.scrollback,
    screenReaderMode: look.screenReader,
    theme: themes[theme],
    // What a search found is drawn by an interface that is called proposed.
    allowProposedApi: true,
  })
  const fit = new FitAddon()
  const search = new SearchAddon({ highlightLimit: COUNTED_MATCHES })
  terminal.loadAddon(fit)
  terminal.loadAddon(search)
  search.onDidChangeResults(({ resultIndex, resultCount }) => options.onFound({ at: resultIndex, count: resultCount }))
  terminal.open(place)
  terminal.textarea?.setAttribute('aria-label', t('terminals.input'))
  addLinks(terminal, options)

  let webgl: WebglAddon | undefined
  const setShown = (isShown: boolean): void => {
    if (!isShown) {
      webgl?.dispose()
      webgl = undefined
    } else if (!webgl) {
      try {
        const addon = new WebglAddon()
        // A lost context leaves the ordinary renderer, which is slower and right, until the terminal is shown anew.
        addon.onContextLoss(() => {
          addon.dispose()
          webgl = undefined
        })
        terminal.loadAddon(addon)
        webgl = addon
      } catch {
        // No graphics card to be had: the ordinary renderer it is.
      }
    }
  }

  terminal.onData(onData)
  // Old mouse reports are bytes, not text.
  terminal.onBinary((data) => onData(Uint8Array.from(data, (character) => character.charCodeAt(0))))

  const copy = (): void => {
    // oxlint-disable-next-line typescript/no-deprecated -- the other way is closed to pages that came over plain HTTP
    if (terminal.hasSelection()) document.execCommand('copy')
  }
  terminal.attachCustomKeyEventHandler((event) => {
    if (event.key === 'F6' && event.shiftKey) {
      if (event.type === 'keydown') options.onLeave()
      return false
    }
    if (!(event.ctrlKey || event.metaKey) || !event.shiftKey) return true
    // Ctrl+C belongs to the program. With Shift, browsers open their tools; elsewhere it copies.
    if (event.code === 'KeyC') {
      event.preventDefault()
      if (event.type === 'keydown') copy()
      return false
    }
    if (event.code === 'KeyO') {
      event.preventDefault()
      if (event.type === 'keydown') options.onLinks()
      return false
    }
    // The browser pastes by itself, and the event for it follows.
    return event.code !== 'KeyV'
  })
  // Before the emulator sees it: what is pasted may be asked about.
  place.addEventListener(
    'paste',
    (event) => {
      event.preventDefault()
      event.stopPropagation()
      options.onPaste(event.clipboardData?.getData('text/plain') ?? '')
    },
    { capture: true },
  )
  const selected = (): void => {
    if (terminal.hasSelection() && document.activeElement === terminal.textarea) options.onSelected()
  }
  // A drag may end anywhere on the page.
  document.addEventListener('mouseup', selected)

  /** In order: the first is what the program's output is at. */
  const drawing: { replay: boolean }[] = []
  terminal.parser.registerOscHandler(52, (data) => {
    options.onClipboard(data, drawing[0]?.replay ?? false)
    return true
  })

  // A resize flushes what is queued behind it, at the old size; so what comes after one waits until it has happened.
  let busy = false
  const waiting: (() => void)[] = []
  const run = (work: () => void): void => void (busy ? waiting.push(work) : work())
  const alone = (work: () => void): void =>
    run(() => {
      busy = true
      terminal.write('', () => {
        work()
        busy = false
        while (!busy && waiting.length > 0) waiting.shift()?.()
      })
    })

  return {
    screen: {
      write(bytes, done) {
        const piece = { replay: options.isReplaying() }
        run(() => {
          drawing.push(piece)
          terminal.write(bytes, () => {
            drawing.shift()
            done()
          })
        })
      },
      resize: ({ cols, rows }) => alone(() => terminal.resize(cols, rows)),
      lost(bytes) {
        alone(() => terminal.reset())
        const words = t('terminals.lost', { bytes: numbers.format(bytes) }, bytes)
        run(() => terminal.write(`\x1b[2m── ${words} ──\x1b[0m\r\n`))
      },
    },
    fits() {
      const size = fit.proposeDimensions()
      if (!size || !(size.cols >= leastCols && size.rows >= leastRows)) return null
      return { cols: Math.min(size.cols, mostCols), rows: Math.min(size.rows, mostRows) }
    },
    useFont: () => (terminal.options.fontFamily = familyOf(look, true)),
    focus: () => terminal.focus(),
    blur: () => terminal.blur(),
    toggleKeyboard() {
      if (document.activeElement === terminal.textarea) terminal.blur()
      else terminal.focus()
    },
    key: (data) => terminal.input(data),
    paste: (text) => terminal.paste(text),
    copy() {
      terminal.focus()
      copy()
    },
    get hasSelection() {
      return terminal.hasSelection()
    },
    get links() {
      return linksOf(terminal)
    },
    get bracketedPaste() {
      return terminal.modes.bracketedPasteMode
    },
    get applicationArrows() {
      return terminal.modes.applicationCursorKeysMode
    },
    find(term, by, matchCase) {
      const wish = { caseSensitive: matchCase, incremental: by === 'here', decorations: matches[theme] }
      if (by === 'next') search.findNext(term, wish)
      // What was written last is what is looked for first.
      else search.findPrevious(term, wish)
    },
    endSearch() {
      search.clearDecorations()
      terminal.clearSelection()
    },
    end() {
      terminal.options.disableStdin = true
      run(() => terminal.write('\x1b[?25l'))
    },
    setTheme(next) {
      theme = next
      terminal.options.theme = themes[next]
    },
    setLook(next) {
      look = next
      terminal.options.fontFamily = familyOf(look, isFontHere())
      terminal.options.fontSize = look.fontSize
      terminal.options.scrollback = look.scrollback
      terminal.options.screenReaderMode = look.screenReader
    },
    setShown,
    dispose() {
      document.removeEventListener('mouseup', selected)
      terminal.dispose()
    },
  }
}
