// What a paste would do: cleaned of what could leave the paste, and asked about where its lines would run at once.

/** All a paste may carry beside text are tabs and line ends: an escape could end the brackets around it and type commands. */
const CONTROLS = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g

export const cleanPaste = (text: string): string => text.replace(CONTROLS, '')

export interface PasteQuestion {
  /** At most `SHOWN_LINES`. */
  lines: string[]
  /** Lines beyond those. */
  more: number
  count: number
}

export const SHOWN_LINES = 12

/**
 * null: nothing to ask. `bracketed`: the program takes a paste as a whole, and nothing of it runs before Enter.
 * A single line asks too when it ends with a line break, for that is an Enter.
 */
export const pasteQuestion = (text: string, { bracketed, asks }: { bracketed: boolean; asks: boolean }) => {
  if (!asks || bracketed || !/[\r\n]/.test(text)) return null
  const lines = text.replace(/\r\n?/g, '\n').replace(/\n$/, '').split('\n')
  return {
    lines: lines.slice(0, SHOWN_LINES),
    more: Math.max(0, lines.length - SHOWN_LINES),
    count: lines.length,
  } satisfies PasteQuestion
}
