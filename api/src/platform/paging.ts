// Pages of a list: how many were asked for, and cursors that come back as they were given out or are refused.
import type { Page, PageArgs } from '@sindri/schema'
import { badInput } from '@sindri/schema/contract/codes'
import { LIMITS } from '@sindri/schema/contract/limits'

export type CursorValue = string | number | null

/** The key of a row in the order of its list, such as [time, id]; opaque to whoever carries it. */
export const toCursor = (key: readonly CursorValue[]): string => Buffer.from(JSON.stringify(key)).toString('base64url')

const longestCursor = 1024

/** `types` names what each part of the key must be; '?' stands for "or null". A null answer means: from the beginning. */
export const readCursor = <T extends readonly CursorValue[]>(
  after: string | null | undefined,
  types: readonly ('string' | 'number' | 'time' | 'string?' | 'number?' | 'time?')[],
): T | null => {
  if (after === null || after === undefined) return null
  const key = after.length <= longestCursor ? parse(after) : undefined
  const fits =
    Array.isArray(key) &&
    key.length === types.length &&
    types.every((type, i) => {
      const value: unknown = key[i]
      if (value === null) return type.endsWith('?')
      if (type.startsWith('time')) {
        return typeof value === 'string' && isTime(value)
      }
      return typeof value === type.replace('?', '') && !(typeof value === 'string' && value.includes('\0'))
    })
  if (!fits) throw badInput('after', 'a cursor of this very list', after)
  return key as unknown as T
}

/** Spelled as we do it, in the years that PostgreSQL knows. */
const isTime = (text: string): boolean => {
  const ms = /^(?!0000)\d{4}-/.test(text) ? Date.parse(text) : NaN
  return !Number.isNaN(ms) && new Date(ms).toISOString() === text
}

const parse = (cursor: string): unknown => {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString())
  } catch {
    return undefined
  }
}

export const pageSize = ({ first }: PageArgs): number => {
  const size = first ?? LIMITS.pageDefault
  if (!Number.isInteger(size) || size < 1 || size > LIMITS.pageMax) {
    throw badInput('first', `a whole number from 1 to ${LIMITS.pageMax}`, size)
  }
  return size
}

/** From one row more than was asked for: the extra row only says that more follow. */
export const toPage = <Row, T>(
  rows: readonly Row[],
  size: number,
  totalCount: number | null,
  keyOf: (row: Row) => readonly CursorValue[],
  toNode: (row: Row) => T,
): Page<T> => ({
  edges: rows.slice(0, size).map((row) => ({ cursor: toCursor(keyOf(row)), node: toNode(row) })),
  hasNextPage: rows.length > size,
  totalCount,
})
