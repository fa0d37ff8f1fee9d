// A span of time as a filter of a list and as it stands in an address: the last hour to 30 days, two moments, or any time.
import type { LocationQuery, LocationQueryRaw } from 'vue-router'

const hour = 3_600_000
export const LASTS = { '1h': hour, '24h': 24 * hour, '7d': 7 * 24 * hour, '30d': 30 * 24 * hour } as const
export type Last = keyof typeof LASTS

export interface TimeRange {
  last: Last | null
  /** Milliseconds since 1970; only without `last`. */
  from: number | null
  to: number | null
}

export const ANY_TIME: TimeRange = { last: null, from: null, to: null }

/** The first of what an address may say several times. */
export const textOf = (value: LocationQuery[string] | undefined): string =>
  (Array.isArray(value) ? value[0] : value) ?? ''

const momentOf = (text: string): number | null => {
  const at = text === '' ? NaN : Date.parse(text)
  return Number.isNaN(at) ? null : at
}

/** Whatever is unknown in an address is left out, never refused. */
export const parseTimeRange = (query: LocationQuery): TimeRange => {
  const last = textOf(query['last'])
  if (Object.hasOwn(LASTS, last)) return { last: last as Last, from: null, to: null }
  const [from, to] = [momentOf(textOf(query['from'])), momentOf(textOf(query['to']))]
  return from !== null && to !== null && from >= to ? ANY_TIME : { last: null, from, to }
}

export const printTimeRange = ({ last, from, to }: TimeRange): LocationQueryRaw => ({
  ...(last && { last }),
  ...(!last && from !== null && { from: new Date(from).toISOString() }),
  ...(!last && to !== null && { to: new Date(to).toISOString() }),
})

export const isAnyTime = ({ last, from, to }: TimeRange): boolean => last === null && from === null && to === null

/** As the console filters: from is in, to is not. */
export const resolveTimeRange = (range: TimeRange, now: number): { from: string | null; to: string | null } => {
  const from = range.last ? now - LASTS[range.last] : range.from
  return {
    from: from === null ? null : new Date(from).toISOString(),
    to: range.to === null ? null : new Date(range.to).toISOString(),
  }
}

/** What a field of the type datetime-local shows and gives: a moment of this browser's zone, to the minute. */
export const toLocalField = (at: number | null): string => {
  if (at === null) return ''
  const date = new Date(at)
  return new Date(at - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}
export const fromLocalField = (text: string): number | null => momentOf(text)
