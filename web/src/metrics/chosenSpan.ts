// A span that somebody chooses: by two fields, checked before it is shown, or by keys, kept within what can be seen.
import { format } from '../ui/format.ts'
import { fromLocalField } from '../ui/timeRange.ts'
import { t } from '../words/words.ts'
import { LEAST_MS } from './spanQuery.ts'

export interface Reach {
  /** Nothing is known from before. */
  earliest: number
  now: number
}

export interface Moments {
  from: number
  to: number
}

export type ChosenSpan = { span: Moments } | { faults: { from?: string; to?: string } }

/** A field names whole minutes: the present one counts as now. */
const MINUTE_MS = 60_000

const faultOf = (at: number | null, { earliest, now }: Reach): string | undefined => {
  if (at === null) return t('metrics.custom.missing')
  const got = format.exactMinute(at)
  if (at + MINUTE_MS <= earliest) return t('metrics.custom.tooEarly', { earliest: format.exactMinute(earliest), got })
  if (at > now) return t('metrics.custom.tooLate', { now: format.exactMinute(now), got })
  return undefined
}

/** `from` and `to` as fields of the type datetime-local give them. */
export const checkMoments = (fields: { from: string; to: string }, reach: Reach): ChosenSpan => {
  const [from, to] = [fromLocalField(fields.from), fromLocalField(fields.to)]
  const faults = { from: faultOf(from, reach), to: faultOf(to, reach) }
  if (from !== null && to !== null && !faults.to && to - from < MINUTE_MS)
    faults.to = t('metrics.custom.order', {
      least: format.duration(MINUTE_MS),
      from: format.exactMinute(from),
      got: format.exactMinute(to),
    })
  if (from === null || to === null || faults.from || faults.to)
    return { faults: { ...(faults.from && { from: faults.from }), ...(faults.to && { to: faults.to }) } }
  return { span: { from: Math.max(from, reach.earliest), to } }
}

/** The keyboard's twin of the brush; undefined for keys that do nothing here. */
export const spanByKey = ({ from, to }: Moments, key: string, { earliest, now }: Reach): Moments | undefined => {
  const width = to - from
  const most = now - earliest
  const around = (next: number): Moments => {
    const begin = Math.round(from + (width - next) / 2)
    return within({ from: begin, to: begin + Math.round(next) }, { earliest, now })
  }
  const moved = (by: number): Moments => within({ from: from + by, to: to + by }, { earliest, now })
  switch (key) {
    case '+':
    case '=':
      return around(Math.max(LEAST_MS, width / 2))
    case '-':
      return around(Math.min(most, width * 2))
    case 'ArrowLeft':
      return moved(-Math.round(width / 4))
    case 'ArrowRight':
      return moved(Math.round(width / 4))
    default:
      return undefined
  }
}

/** Moved, not cut: at an end the span keeps its width. */
const within = ({ from, to }: Moments, { earliest, now }: Reach): Moments => {
  const by = to > now ? now - to : from < earliest ? Math.min(earliest - from, now - to) : 0
  return { from: from + by, to: to + by }
}
