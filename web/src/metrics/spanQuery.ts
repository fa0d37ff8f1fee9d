// The span of the charts as it stands in the address: a range up to now, one that was paused, or a part that was chosen.
import type { LocationQuery } from 'vue-router'
import { type RangeName, parseRange, rangeMs } from './ranges.ts'

export type Span = { kind: 'last'; ms: number } | { kind: 'fixed'; from: number; to: number }

export interface SpanQuery {
  range: RangeName
  /** Where the range ended when somebody paused it; null while it moves. */
  pausedAt: number | null
  /** Begin and end were chosen. */
  chosen: boolean
  span: Span
}

/** Below it there is nothing to see. */
export const LEAST_MS = 10_000
const YOUNG_MS = 30 * 60_000

const momentOf = (value: LocationQuery[string] | undefined): number | null => {
  const at = typeof value === 'string' && value !== '' ? Number(value) : NaN
  return Number.isSafeInteger(at) && at > 0 && at < 8.64e15 ? at : null
}

/** `ageMs`: how old the instance is, if that is known; an hour of nothing would say less of a new one than its first minutes. */
export const parseSpan = (query: LocationQuery, ageMs: number): SpanQuery => {
  const range = parseRange(query['range'], ageMs < YOUNG_MS ? '15m' : '1h')
  const [from, to] = [momentOf(query['from']), momentOf(query['to'])]
  if (from !== null && to !== null && to - from >= LEAST_MS)
    return { range, pausedAt: null, chosen: true, span: { kind: 'fixed', from, to } }
  const ms = rangeMs(range)
  const pausedAt = momentOf(query['paused'])
  if (pausedAt === null) return { range, pausedAt, chosen: false, span: { kind: 'last', ms } }
  return { range, pausedAt, chosen: false, span: { kind: 'fixed', from: pausedAt - ms, to: pausedAt } }
}
