// The span of the charts as it stands in the address: a range up to now, or a part of it that was zoomed into.
import type { LocationQuery } from 'vue-router'
import { type RangeName, parseRange, rangeMs } from './ranges.ts'
import type { Span } from './useSeries.ts'

export interface SpanQuery {
  range: RangeName
  span: Span
}

const LEAST_MS = 10_000
const YOUNG_MS = 30 * 60_000

/** `ageMs`: how old the instance is, if that is known; an hour of nothing would say less of a new one than its first minutes. */
export const parseSpan = (query: LocationQuery, ageMs: number): SpanQuery => {
  const range = parseRange(query['range'], ageMs < YOUNG_MS ? '15m' : '1h')
  const from = Number(query['from'])
  const to = Number(query['to'])
  const fixed =
    query['from'] !== undefined &&
    Number.isSafeInteger(from) &&
    Number.isSafeInteger(to) &&
    from > 0 &&
    to - from >= LEAST_MS
  return { range, span: fixed ? { kind: 'fixed', from, to } : { kind: 'last', ms: rangeMs(range) } }
}
