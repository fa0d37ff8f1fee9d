// One set of value types for raw SQL on both engines: parameters travel as PostgreSQL's text form, results come back by column type.
//
//   int8, numeric → number (bytes, counts, epochs; past 2^53 it throws rather than lies)   timestamptz → Date   date → 'YYYY-MM-DD'
//   json, jsonb → parsed   bytea → Buffer   arrays of these → arrays   everything else → string
//
// Parameters: Date, bigint, boolean, number, string, null, Uint8Array; an array is a PostgreSQL array; any other object is JSON.
// An array that is meant as JSON must be stringified by the caller. Columns (columns.ts) travel in binary form.
import { Column } from '../columns.ts'

const toNumber = (text: string): number => {
  const value = Number(text)
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw new RangeError(`Expected a number up to 2^53 from the database, got ${text}; select it as text.`)
  }
  return value
}

const toDate = (text: string): Date => {
  const date = new Date(text.replace(' ', 'T').replace(/([+-]\d{2})$/, '$1:00'))
  if (Number.isNaN(date.getTime())) throw new RangeError(`Expected a timestamp from the database, got ${text}.`)
  return date
}

const toBytes = (text: string): Buffer => Buffer.from(text.slice(2), 'hex')
const toBoolean = (text: string): boolean => text === 't'
const toText = (text: string): string => text

type Parse = (text: string) => unknown

/** Splits `{a,"b,c",NULL}`; arrays of one dimension are all that the product stores. */
const toArray =
  (parse: Parse): Parse =>
  (text) => {
    const items: unknown[] = []
    for (const [, quoted, plain] of text.slice(1, -1).matchAll(/(?:^|,)(?:"((?:[^"\\]|\\.)*)"|([^,"]+))/g)) {
      if (quoted !== undefined) items.push(parse(quoted.replace(/\\(.)/g, '$1')))
      else items.push(plain === 'NULL' ? null : parse(plain ?? ''))
    }
    return items
  }

/** [type oid, oid of its array type, how it reads] */
const types: [number, number, Parse][] = [
  [16, 1000, toBoolean],
  [17, 1001, toBytes],
  [20, 1016, toNumber],
  [21, 1005, Number],
  [23, 1007, Number],
  [25, 1009, toText],
  [26, 1028, Number],
  [114, 199, JSON.parse],
  [700, 1021, Number],
  [701, 1022, Number],
  [1043, 1015, toText],
  [1082, 1182, toText],
  [1184, 1185, toDate],
  [1700, 1231, toNumber],
  [2950, 2951, toText],
  [3802, 3807, JSON.parse],
]

export const parsers: Record<number, Parse> = Object.fromEntries(
  types.flatMap(([oid, arrayOid, parse]) => [
    [oid, (text: string) => parse(text)],
    [arrayOid, toArray((text) => parse(text))],
  ]),
)

const quote = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`

/** Times that PostgreSQL does not read mean the first and the last that it does: it knows no year 0, and five digits are none to it. */
const firstMs = Date.parse('0001-01-01T00:00:00.000Z')
const lastMs = Date.parse('9999-12-31T23:59:59.999Z')

export const toParam = (value: unknown): string | Buffer | null => {
  if (value === null || value === undefined) return null
  if (value instanceof Column) return value.bytes
  if (typeof value === 'string') return value
  if (value instanceof Date) return new Date(Math.min(Math.max(value.getTime(), firstMs), lastMs)).toISOString()
  if (value instanceof Uint8Array)
    return `\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`
  if (Array.isArray(value)) {
    return `{${value
      .map((item) => {
        const text = toParam(item)
        return text === null ? 'NULL' : quote(String(text))
      })
      .join(',')}}`
  }
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  return JSON.stringify(value)
}
