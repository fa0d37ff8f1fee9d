// The emulator on the page: xterm.js in the look of the console, drawn by the graphics card where there is one.
import { FitAddon } from '@xterm/addon-fit'
import { WebglAddon } from '@xterm/addon-webgl'
import { type ITheme, Terminal } from '@xterm/xterm'
import '@xterm/xterm/css/xterm.css'
import { LIMITS } from '@sindri/schema/contract/limits'
import type { Screen, Size } from './picture.ts'

const ansi = (names: string, normal: string, bright: string): Partial<ITheme> => {
  const colours = [normal.split(' '), bright.split(' ')]
  return Object.fromEntries(
    names.split(' ').flatMap((name, at) => [
      [name, colours[0]?.[at]],
      [`bright${name.charAt(0).toUpperCase()}${name.slice(1)}`, colours[1]?.[at]],
    ]),
  )
}
const names = 'black red green yellow blue magenta cyan white'

const themes: Record<'dark' | 'light', ITheme> = {
  dark: {
    background: '#0D0F13',
    foreground: '#D7DCE4',
    selectionBackground: '#2B3A55',
    cursor: '#FF8A47',
    cursorAccent: '#0D0F13',
    ...ansi(
      names,
      '#2A303B #F2697C #57C98F #E3B84E #6EA6FF #B592F2 #45C2C0 #C6CDD8',
      '#7A8494 #FF8C9B #7FE0AE #F6D27A #97C0FF #CDB3FA #74DAD6 #F2F5F9',
    ),
  },
  light: {
    background: '#FCFBF9',
    foreground: '#1D2128',
    selectionBackground: '#CFE0FF',
    cursor: '#E2560B',
    cursorAccent: '#FCFBF9',
    ...ansi(
      names,
      '#1D2128 #B71D3A #12703F #7A5400 #1F56BD #6D43C0 #0A6E6A #5F6875',
      '#6B7482 #C92A48 #177F4E #8A6206 #2E6BD0 #7F57D1 #0C7F7A #3A414D',
    ),
  },
}

export interface Emulator {
  screen: Screen
  /** The size that fits the place it is shown in; null while it has none. */
  fits(): Size | null
  /** Measures the cells anew, with the font that has come. */
  useFont(): void
  focus(): void
  /** Gives the keyboard of a phone its place, or takes it away. */
  toggleKeyboard(): void
  /** As if it were typed. */
  key(data: string): void
  paste(text: string): void
  /** Whether the program wants its arrow keys in the form for full-screen programs. */
  readonly applicationArrows: boolean
  setTheme(theme: 'dark' | 'light'): void
  dispose(): void
}

export interface EmulatorOptions {
  place: HTMLElement
  theme: 'dark' | 'light'
  onData: (data: string | Uint8Array) => void
  /** Shift+F6 gives the keyboard back to the page. */
  onLeave: () => void
}

const font = '"JetBrains Mono Variable"'
const fallbacks = 'ui-monospace, monospace'

/** Resolves when the terminal's font is there. Without it a cell has another height, and every size would be wrong. */
export const fontLoaded = async (): Promise<void> => {
  await document.fonts.load(`13px ${font}`)
}

const numbers = new Intl.NumberFormat()
const [leastCols, mostCols] = LIMITS.terminalColumns
const [leastRows, mostRows] = LIMITS.terminalRows

export const openEmulator = ({ place, theme, onData, onLeave }: EmulatorOptions): Emulator => {
  const terminal = new Terminal({
    fontFamily: document.fonts.check(`13px ${font}`) ? `${font}, ${fallbacks}` : fallbacks,
    fontSize: 13,
    lineHeight: 18 / 17,
    fontWeightBold: 700,
    cursorBlink: false,
    cursorStyle: 'block',
    cursorInactiveStyle: 'outline',
    minimumContrastRatio: 4.5,
    scrollback: 10_000,
    theme: themes[theme],
  })
  const fit = new FitAddon()
  terminal.loadAddon(fit)
  terminal.open(place)
  terminal.textarea?.setAttribute('aria-label', 'Terminal input. Shift+F6 leaves the terminal.')
  try {
    const webgl = new WebglAddon()
    // A lost context leaves the ordinary renderer, which is slower and right.
    webgl.onContextLoss(() => webgl.dispose())
    terminal.loadAddon(webgl)
  } catch {
    // No graphics card to be had: the ordinary renderer it is.
  }
  terminal.onData(onData)
  // Old mouse reports are bytes, not text.
  terminal.onBinary((data) => onData(Uint8Array.from(data, (character) => character.charCodeAt(0))))
  terminal.attachCustomKeyEventHandler((event) => {
    if (event.key === 'F6' && event.shiftKey) {
      if (event.type === 'keydown') onLeave()
      return false
    }
    // Ctrl+C belongs to the program. With Shift, browsers open their tools; elsewhere it copies.
    if (event.ctrlKey && event.shiftKey && event.code === 'KeyC') {
      event.preventDefault()
      // oxlint-disable-next-line typescript/no-deprecated -- the other way is closed to pages that came over plain HTTP
      if (event.type === 'keydown' && terminal.hasSelection()) document.execCommand('copy')
      return false
    }
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
      write: (bytes, done) => run(() => terminal.write(bytes, done)),
      resize: ({ cols, rows }) => alone(() => terminal.resize(cols, rows)),
      lost(bytes) {
        alone(() => terminal.reset())
        run(() => terminal.write(`\x1b[2m── ${numbers.format(bytes)} bytes of output are no longer kept ──\x1b[0m\r\n`))
      },
    },
    fits() {
      const size = fit.proposeDimensions()
      if (!size || !(size.cols >= leastCols && size.rows >= leastRows)) return null
      return { cols: Math.min(size.cols, mostCols), rows: Math.min(size.rows, mostRows) }
    },
    useFont: () => (terminal.options.fontFamily = `${font}, ${fallbacks}`),
    focus: () => terminal.focus(),
    toggleKeyboard() {
      if (document.activeElement === terminal.textarea) terminal.blur()
      else terminal.focus()
    },
    key: (data) => terminal.input(data),
    paste: (text) => terminal.paste(text),
    get applicationArrows() {
      return terminal.modes.applicationCursorKeysMode
    },
    setTheme: (next) => (terminal.options.theme = themes[next]),
    dispose: () => terminal.dispose(),
  }
}
