// What the timeline shows, as it stands in the address: kinds, an instance, a span of time.
import type { LocationQuery, LocationQueryRaw } from 'vue-router'
import type { EventFilter, EventType } from '../graph/gql/graphql.ts'
import { isAnyTime, parseTimeRange, printTimeRange, resolveTimeRange, textOf, type TimeRange } from '../ui/timeRange.ts'
import { EVENT_KINDS } from './eventKinds.ts'

export interface TimelineQuery {
  types: EventType[]
  instanceId: string | null
  range: TimeRange
}

/** Whatever is unknown in an address is left out, never refused. */
export const parseTimelineQuery = (query: LocationQuery): TimelineQuery => {
  const wanted = new Set(textOf(query['kind']).toUpperCase().split(','))
  const instanceId = textOf(query['instance'])
  return {
    types: EVENT_KINDS.filter((type) => wanted.has(type)),
    instanceId: instanceId.startsWith('ins_') ? instanceId : null,
    range: parseTimeRange(query),
  }
}

export const printTimelineQuery = ({ types, instanceId, range }: TimelineQuery): LocationQueryRaw => ({
  ...(types.length > 0 && { kind: types.join(',').toLowerCase() }),
  ...(instanceId && { instance: instanceId }),
  ...printTimeRange(range),
})

export const toEventFilter = ({ types, instanceId, range }: TimelineQuery, now: number): EventFilter => ({
  types: types.length > 0 ? types : null,
  instanceId,
  ...resolveTimeRange(range, now),
})

/** Whether a filter of the console would let it through: what is recorded now is not filtered there. */
export const passes = (filter: EventFilter, event: { type: EventType; instanceId: string; at: string }): boolean =>
  (!filter.types || filter.types.includes(event.type)) &&
  (!filter.instanceId || filter.instanceId === event.instanceId) &&
  (!filter.from || event.at >= filter.from) &&
  (!filter.to || event.at < filter.to)

export const timelineFilterCount = ({ types, instanceId, range }: TimelineQuery): number =>
  Number(types.length > 0) + Number(instanceId !== null) + Number(!isAnyTime(range))
