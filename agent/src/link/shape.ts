// Checks of values that come from the console: nothing it says has a shape until one of these has looked at it.
import { show } from '@sindri/schema/contract/codes'

/** null when the value is as it should be; else one clause that names it, what was expected and what was got. */
export type Check = (value: unknown, path: string) => string | null

const wrong = (path: string, expected: string, value: unknown): string =>
  `${path}: expected ${expected}, got ${show(value)}`

const when =
  (isRight: (value: unknown) => boolean, expected: string): Check =>
  (value, path) =>
    isRight(value) ? null : wrong(path, expected, value)

/** Neither empty nor with a NUL, which no path, variable or column takes. */
export const text = (maxChars: number): Check =>
  when(
    (value) => typeof value === 'string' && value !== '' && value.length <= maxChars && !value.includes('\0'),
    `1 to ${maxChars} characters`,
  )

/** Longer than any token, shorter than a frame. */
export const token: Check = text(16 * 1024)

export const anyText = (maxChars: number): Check =>
  when(
    (value) => typeof value === 'string' && value.length <= maxChars && !value.includes('\0'),
    `at most ${maxChars} characters`,
  )

export const flag: Check = when((value) => typeof value === 'boolean', 'true or false')

export const oneOf = (values: readonly string[]): Check =>
  when((value) => typeof value === 'string' && values.includes(value), `one of ${values.join(', ')}`)

export const whole = (least: number, most: number): Check =>
  when(
    (value) => Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most,
    `a whole number from ${least} to ${most}`,
  )

export const offset: Check = whole(0, Number.MAX_SAFE_INTEGER)

/** A number in JSON may be too large for any clock: 1e999 reads as infinity. */
export const number = (least: number, most: number): Check =>
  when((value) => typeof value === 'number' && value >= least && value <= most, `a number from ${least} to ${most}`)

/** Between these a clock can be wrong; beyond, the value is no time. */
const earliestMs = Date.UTC(2001)
const latestMs = Date.UTC(2100)

export const timeMs: Check = number(earliestMs, latestMs)

export const time: Check = when((value) => {
  const ms = typeof value === 'string' && value.length <= 64 ? Date.parse(value) : Number.NaN
  return ms >= earliestMs && ms <= latestMs
}, 'a time such as 2026-01-31T12:00:00Z')

export const base64 = (maxChars: number): Check =>
  when(
    (value) =>
      typeof value === 'string' &&
      value.length <= maxChars &&
      value.length % 4 === 0 &&
      /^[A-Za-z0-9+/]*={0,2}$/.test(value),
    `base64 of at most ${maxChars} characters`,
  )

export const orNull =
  (check: Check): Check =>
  (value, path) =>
    value == null ? null : check(value, path)

export const list =
  (check: Check, maxItems: number): Check =>
  (value, path) => {
    if (!Array.isArray(value) || value.length > maxItems) return wrong(path, `a list of at most ${maxItems}`, value)
    for (const [index, item] of value.entries()) {
      const problem = check(item, `${path}[${index}]`)
      if (problem) return problem
    }
    return null
  }

/** What is there beside these is left alone: a newer console may say more. */
export const members =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong(path, 'an object', value)
    for (const [name, check] of Object.entries(checks)) {
      const problem = check((value as Record<string, unknown>)[name], path ? `${path}.${name}` : name)
      if (problem) return problem
    }
    return null
  }
