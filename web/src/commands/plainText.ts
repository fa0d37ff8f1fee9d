// Bytes of a program as text that only says something: UTF-8 over the borders of pieces, and no sequence that would move, paint or ring.

/** What goes on for longer without an end is no sequence. */
const LONGEST = 4096

/** Colours and cursor moves, titles and links, and the two-letter ones. */
const SEQUENCE =
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)|[ -/]+[0-~]|[0-OQ-WYZ\\\u0060-~])/g
/** At the end of a piece: the next one may complete it. */
const UNFINISHED = /(?:\u001b(?:\[[0-?]*[ -/]*|[\]PX^_][^\u0007\u001b]*\u001b?|[ -/]*)|\r)$/

/** Single control characters, as the sign of them. */
const shown = (character: string): string => {
  const code = character.charCodeAt(0)
  return String.fromCharCode(code === 0x7f ? 0x2421 : 0x2400 + code)
}
const plain = (text: string): string =>
  text
    .replace(SEQUENCE, '')
    // A progress line that writes over itself: each state of it is a line.
    .replace(/\r\n?/g, '\n')
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, shown)
    .replace(/[\u0080-\u009f]/g, '\ufffd')

export interface PlainText {
  /** The text that is certain by now; the rest comes with the next piece or the end. */
  take(bytes: Uint8Array): string
  end(): string
}

export const createPlainText = (): PlainText => {
  const decoder = new TextDecoder()
  let held = ''
  return {
    take(bytes) {
      const text = held + decoder.decode(bytes, { stream: true })
      const unfinished = UNFINISHED.exec(text)?.[0] ?? ''
      held = unfinished.length <= LONGEST ? unfinished : ''
      return plain(text.slice(0, text.length - held.length))
    },
    end() {
      const text = held + decoder.decode()
      held = ''
      return plain(text)
    },
  }
}
