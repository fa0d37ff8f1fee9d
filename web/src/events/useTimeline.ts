// What happened in the fleet, as the address filters it: newest first, live, and older ones on request.
import type { ComputedRef } from 'vue'
import { FleetEventRecordedDocument, FleetEventsDocument, type FleetEventLineFragment } from '../graph/gql/graphql.ts'
import { useGraph } from '../graph/graph.ts'
import { useNewest } from '../graph/useNewest.ts'
import { systemClock } from '../platform/clock.ts'
import { passes, type TimelineQuery, toEventFilter } from './timelineQuery.ts'

export const useTimeline = (list: ComputedRef<TimelineQuery>) => {
  const { query, subscribe } = useGraph()
  return useNewest<FleetEventLineFragment>(list, () => {
    const wanted = list.value
    // Fixed while the list stands: a start that moved with each page would cut pages out of it.
    const filter = toEventFilter(wanted, systemClock.now())
    return {
      subscribe: ({ next, fault }) =>
        subscribe(
          FleetEventRecordedDocument,
          { instanceId: wanted.instanceId },
          {
            next: ({ eventRecorded }) => passes(filter, eventRecorded) && next(eventRecorded),
            fault,
          },
        ),
      readPage: async (after) => {
        const { events } = await query(FleetEventsDocument, { filter, after })
        return {
          items: events.edges.map(({ node }) => node),
          endCursor: events.pageInfo.endCursor ?? null,
          more: events.pageInfo.hasNextPage,
        }
      },
    }
  })
}
