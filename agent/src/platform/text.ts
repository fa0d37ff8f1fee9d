// Text that a database and a screen can take.

/** At most so many characters; what was cut off is shown by an ellipsis. NUL is left out, since PostgreSQL refuses it. */
export function plain(text: string, maxChars: number): string {
  const clean = text.replaceAll('\0', '').toWellFormed()
  return clean.length <= maxChars ? clean : `${clean.slice(0, maxChars - 1).toWellFormed()}…`
}

/** A condition to be shown with the instance. */
export const toNotice = (text: string): string => plain(text, 256)
