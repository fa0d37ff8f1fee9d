// What happened to one instance lately, newest first, live.
import { type EventLineFragment, InstanceEventRecordedDocument, InstanceEventsDocument } from '../graph/gql/graphql.ts'
import { useGraph } from '../graph/graph.ts'
import { useLive } from '../graph/useLive.ts'
import { type EventLines, foldEvent } from './eventLines.ts'

const FIRST = 50

export const useInstanceEvents = (instanceId: () => string) => {
  const { query, subscribe } = useGraph()
  return useLive<EventLines, EventLineFragment>(instanceId, () => {
    const id = instanceId()
    return {
      subscribe: ({ next, fault }) =>
        subscribe(
          InstanceEventRecordedDocument,
          { instanceId: id },
          { next: ({ eventRecorded }) => next(eventRecorded), fault },
        ),
      read: async () => {
        const { events } = await query(InstanceEventsDocument, { instanceId: id, first: FIRST })
        return { events: events.edges.map((edge) => edge.node), more: events.pageInfo.hasNextPage }
      },
      fold: (lines, event) => foldEvent(lines, event, FIRST),
    }
  })
}
