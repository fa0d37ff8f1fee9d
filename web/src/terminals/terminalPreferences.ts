// How a user likes terminals on this browser: what is kept is checked, for it may be from an older page.
import { defineStore } from 'pinia'
import { ref, watch } from 'vue'

export const FONT_SIZES = [11, 20] as const
/** Lines above the screen. At the most, one terminal takes some 100 MB of the browser. */
export const SCROLLBACKS = [1_000, 10_000, 50_000, 100_000] as const

/** A name without what could end a quotation in a style. */
const FAMILY = /^[\p{L}\p{N} ._-]{1,64}$/u
export const toFamily = (text: string): string => (FAMILY.test(text.trim()) ? text.trim() : '')

export interface TerminalPreferences {
  /** A font of the user's device by its name; empty for ours. */
  fontFamily: string
  /** px */
  fontSize: number
  scrollback: number
  copyOnSelect: boolean
  asksBeforePaste: boolean
  screenReader: boolean
  /** Programs may write to the clipboard (OSC 52). */
  clipboardWrite: boolean
}

export const usual: TerminalPreferences = {
  fontFamily: '',
  fontSize: 13,
  scrollback: 10_000,
  copyOnSelect: false,
  asksBeforePaste: true,
  screenReader: false,
  clipboardWrite: false,
}

export const preferencesFrom = (text: string | null): TerminalPreferences => {
  let value: unknown
  try {
    value = JSON.parse(text ?? '')
  } catch {
    return usual
  }
  if (typeof value !== 'object' || value === null) return usual
  const stored = value as Partial<Record<keyof TerminalPreferences, unknown>>
  const flag = (name: 'copyOnSelect' | 'asksBeforePaste' | 'screenReader' | 'clipboardWrite'): boolean =>
    typeof stored[name] === 'boolean' ? stored[name] : usual[name]
  const [least, most] = FONT_SIZES
  const size = stored.fontSize
  return {
    fontFamily: typeof stored.fontFamily === 'string' ? toFamily(stored.fontFamily) : usual.fontFamily,
    fontSize:
      typeof size === 'number' && Number.isInteger(size) && size >= least && size <= most ? size : usual.fontSize,
    scrollback: SCROLLBACKS.find((lines) => lines === stored.scrollback) ?? usual.scrollback,
    copyOnSelect: flag('copyOnSelect'),
    asksBeforePaste: flag('asksBeforePaste'),
    screenReader: flag('screenReader'),
    clipboardWrite: flag('clipboardWrite'),
  }
}

const KEY = 'sindri.terminal'

export const useTerminalPreferences = defineStore('terminalPreferences', () => {
  const terminal = ref<TerminalPreferences>(preferencesFrom(localStorage.getItem(KEY)))
  watch(terminal, (chosen) => localStorage.setItem(KEY, JSON.stringify(chosen)), { deep: true })
  return { terminal }
})
