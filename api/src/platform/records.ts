// Readers of unchecked values, shared by all that agents report: each hands back what may be stored, or throws the reason against it.
import type { PublishAnswer, RecordOutcome, Refusal } from '@sindri/schema'
import { badInput, Fault, show } from '@sindri/schema/contract/codes'
import { LIMITS } from '@sindri/schema/contract/limits'
import { isUlid, ulidToUuid } from './ids.ts'

/** Times that are accepted: [now - pastMs, now + futureMs]. */
export interface Window {
  nowMs: number
  pastMs: number
}

export const objectOf = (path: string, value: unknown): Record<string, unknown> => {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw badInput(path, 'an object', value)
}

export const numberOf = (path: string, value: unknown, max: number): number | null => {
  if (value === null || value === undefined) return null
  if (typeof value === 'number' && value >= 0 && value <= max) return value
  throw badInput(path, `a number from 0 to ${max}`, value)
}

/** Bytes and counts. */
export const wholeOf = (path: string, value: unknown, max: number): number | null => {
  const number = value === null || value === undefined ? null : value
  if (number === null || (Number.isInteger(number) && (number as number) >= 0 && (number as number) <= max))
    return number as number | null
  throw badInput(path, `a whole number from 0 to ${max}`, value)
}

/** A text that PostgreSQL can hold: NUL is refused, half a surrogate pair (a name cut by its length) becomes U+FFFD. */
export const textOf = (path: string, value: unknown, maxChars: number): string => {
  if (typeof value !== 'string' || value.length > maxChars)
    throw badInput(path, `text of at most ${maxChars} characters`, value)
  if (value.includes('\0')) throw badInput(path, 'text without NUL characters', value)
  return value.isWellFormed() ? value : value.toWellFormed()
}

const arrayOf = (path: string, value: unknown, max: number): unknown[] | null => {
  if (value === null || value === undefined) return null
  if (Array.isArray(value) && value.length <= max) return value as unknown[]
  throw badInput(path, `a list of at most ${max}`, Array.isArray(value) ? value.length : value)
}

export const listOf = <T>(
  path: string,
  value: unknown,
  max: number,
  item: (path: string, value: unknown) => T,
): T[] | null => arrayOf(path, value, max)?.map((each, i) => item(`${path}[${i}]`, each)) ?? null

/** The same for many values: `item` names what it reads as seen from itself, and only for what is wrong the whole path is put together. */
export const itemsOf = <T>(path: string, value: unknown, max: number, item: (value: unknown) => T): T[] | null =>
  arrayOf(path, value, max)?.map((each, i) => {
    try {
      return item(each)
    } catch (error) {
      throw within(`${path}[${i}]`, error)
    }
  }) ?? null

const within = (path: string, error: unknown): unknown => {
  if (!(error instanceof Fault) || error.details?.field === undefined) return error
  const { field } = error.details
  const to = field === '' ? path : `${path}.`
  return new Fault(error.code, `${to}${error.message}`, { ...error.details, field: `${to}${field}` })
}

const time =
  /^(\d{4})-(\d\d)-(\d\d)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/

/** JavaScript takes 30 February for 2 March. */
const isDay = (year: number, month: number, day: number): boolean =>
  month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate()

export const timeOf = (path: string, value: unknown, { nowMs, pastMs }: Window): number => {
  const parts = typeof value === 'string' && value.length <= 40 ? time.exec(value) : null
  if (!parts || !isDay(Number(parts[1]), Number(parts[2]), Number(parts[3]))) {
    throw badInput(path, 'an RFC 3339 time with zone such as "2026-11-20T18:00:00Z"', value)
  }
  const at = Date.parse(value as string)
  if (at >= nowMs - pastMs && at <= nowMs + LIMITS.atFutureMs) return at
  const expected = `${new Date(nowMs - pastMs).toISOString()} to ${new Date(nowMs + LIMITS.atFutureMs).toISOString()}`
  throw new Fault('CLOCK', `${path}: expected a time from ${expected}, got ${show(value)}.`, {
    field: path,
    expected,
    got: show(value),
  })
}

/** Nearly all records of an agent have one run: it is converted once. */
const runs = new Map<string, string>()
const runsMax = 10_000

/** The run as the database holds it. */
export const runOf = (value: unknown): string => {
  const known = runs.get(value as string)
  if (known !== undefined) return known
  if (typeof value !== 'string' || !isUlid(value)) throw badInput('run', 'a ULID of 26 characters', value)
  if (runs.size >= runsMax) runs.clear()
  const uuid = ulidToUuid(value)
  runs.set(value, uuid)
  return uuid
}

const int4 = 2 ** 31 - 1

export const seqOf = (value: unknown): number => {
  if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= int4) return value as number
  throw badInput('seq', `a whole number from 1 to ${int4}`, value)
}

export interface CheckedRecords<T> {
  /** Those that may be stored, with their place in the request. */
  accepted: { index: number; record: T }[]
  refusals: Refusal[]
}

/** Each record by itself: what is wrong with one says nothing about the next. */
export const checkRecords = <T>(records: readonly unknown[], check: (record: unknown) => T): CheckedRecords<T> => {
  if (!Array.isArray(records) || records.length > LIMITS.batchRecords) {
    throw badInput(
      'records',
      `at most ${LIMITS.batchRecords} records`,
      Array.isArray(records) ? records.length : records,
    )
  }
  const accepted: { index: number; record: T }[] = []
  const refusals: Refusal[] = []
  records.forEach((record, index) => {
    try {
      accepted.push({ index, record: check(record) })
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      const { field, expected, got } = error.details ?? {}
      refusals.push({ index, code: error.code, field: field ?? null, expected: expected ?? null, got: got ?? null })
    }
  })
  return { accepted, refusals }
}

/** Told of every answer to records, for those who watch over the console. */
export type CountRecords = (stream: 'samples' | 'gaps' | 'events', answer: PublishAnswer) => void

/** `stored` says for each accepted record whether it was committed now (true) or before. */
export const toAnswer = (
  total: number,
  { accepted, refusals }: CheckedRecords<unknown>,
  stored: readonly boolean[],
): PublishAnswer => {
  const outcomes = Array.from<RecordOutcome>({ length: total }).fill('REFUSED')
  accepted.forEach(({ index }, i) => (outcomes[index] = stored[i] ? 'STORED' : 'REPEATED'))
  return { outcomes, refusals }
}

export const superseded = (): Fault =>
  new Fault('SUPERSEDED', 'Expected the newest link of this agent, got an older one.')

/** From the keys that a statement stored: of records with the same key the first was stored, the others repeat it. */
export const storedOf = (keys: readonly string[], stored: readonly string[]): boolean[] => {
  const left = new Set(stored)
  return keys.map((key) => left.delete(key))
}
