// Text that a database and a screen can take.

/** At most so many characters; what was cut off is shown by an ellipsis. NUL is left out, since PostgreSQL refuses it. */
export function plain(text: string, maxChars: number): string {
  const clean = text.replaceAll('\0', '').toWellFormed()
  return clean.length <= maxChars ? clean : `${clean.slice(0, maxChars - 1).toWellFormed()}…`
}

/** A condition to be shown with the instance. */
export const toNotice = (text: string): string => plain(text, 256)

/** What somebody else wrote, as part of one line: without characters that a terminal would obey. */
export const oneLine = (text: string, maxChars = 300): string =>
  plain(text.replace(/[\p{Cc}\s]+/gu, ' ').trim(), maxChars)

const encoder = new TextEncoder()

/** As UTF-8. Nearly all that is sent is ASCII and fits as it is; `Buffer.from` would count before it writes, which takes as long again and more. */
export function toBytes(text: string): Buffer {
  const bytes = Buffer.allocUnsafe(text.length)
  return encoder.encodeInto(text, bytes).read === text.length ? bytes : Buffer.from(text)
}
