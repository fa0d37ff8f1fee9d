// What happened in the fleet lately, newest first, live.
import { type RecentEventFragment, RecentEventRecordedDocument, RecentEventsDocument } from '../graph/gql/graphql.ts'
import { useGraph } from '../graph/graph.ts'
import { useLive } from '../graph/useLive.ts'
import { type EventLines, foldEvent } from './eventLines.ts'

const FIRST = 8

export const useRecentEvents = () => {
  const { query, subscribe } = useGraph()
  return useLive<EventLines<RecentEventFragment>, RecentEventFragment>(
    () => null,
    () => ({
      subscribe: ({ next, fault }) =>
        subscribe(RecentEventRecordedDocument, {}, { next: ({ eventRecorded }) => next(eventRecorded), fault }),
      read: async () => {
        const { events } = await query(RecentEventsDocument, { first: FIRST })
        return { events: events.edges.map((edge) => edge.node), more: events.pageInfo.hasNextPage }
      },
      fold: (recent, event) => foldEvent(recent, event, FIRST),
    }),
  )
}
