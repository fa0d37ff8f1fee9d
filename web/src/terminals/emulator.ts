// The emulator on the page: xterm.js in the look of the console, drawn by the graphics card where there is one.
import { FitAddon } from '@xterm/addon-fit'
import { WebglAddon } from '@xterm/addon-webgl'
import { type ITheme, Terminal } from '@xterm/xterm'
import '@xterm/xterm/css/xterm.css'
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

export const themes: Record<'dark' | 'light', ITheme> = {
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
  focus(): void
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

const numbers = new Intl.NumberFormat()

export const openEmulator = ({ place, theme, onData, onLeave }: EmulatorOptions): Emulator => {
  const terminal = new Terminal({
    fontFamily: '"JetBrains Mono Variable", ui-monospace, monospace',
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
    if (event.key !== 'F6' || !event.shiftKey) return true
    if (event.type === 'keydown') onLeave()
    return false
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
      return size && size.cols >= 2 && size.rows >= 1 ? { cols: size.cols, rows: size.rows } : null
    },
    focus: () => terminal.focus(),
    setTheme: (next) => (terminal.options.theme = themes[next]),
    dispose: () => terminal.dispose(),
  }
}
