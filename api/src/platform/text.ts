// Text from outside, before it meets the database: its length is bounded, and characters that PostgreSQL or a log would choke on are refused.
import { badInput } from '@sindri/schema/contract/codes'

/** NUL, other controls, lone surrogates, and the marks that turn the direction of text around (a name could pose as another). */
const unfit = /[\p{Cc}\p{Cs}\u202A-\u202E\u2066-\u2069]/u

/** One line of text, trimmed. */
export const lineOf = (field: string, value: unknown, minChars: number, maxChars: number): string => {
  const text = typeof value === 'string' ? value.trim() : undefined
  if (text === undefined || text.length < minChars || text.length > maxChars) {
    throw badInput(field, `${minChars} to ${maxChars} characters`, value)
  }
  if (unfit.test(text)) throw badInput(field, 'one line without control characters', value)
  return text
}

/** A search term in any case: null when nothing is left of it. */
export const searchOf = (field: string, value: string | null | undefined, maxChars: number): string | null => {
  const text = lineOf(field, value ?? '', 0, maxChars).toLowerCase()
  return text === '' ? null : text
}

/** For `like … escape '\'`: what was typed means itself. */
export const likePart = (text: string): string => `%${text.replace(/[\\%_]/g, String.raw`\$&`)}%`

const encoder = new TextEncoder()

/** As UTF-8. Nearly all that is sent is ASCII and fits as it is; `Buffer.from` would count before it writes, which takes as long again and more. */
export const toBytes = (text: string): Buffer => {
  const bytes = Buffer.allocUnsafe(text.length)
  return encoder.encodeInto(text, bytes).read === text.length ? bytes : Buffer.from(text)
}
