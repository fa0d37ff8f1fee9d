// What happened to one instance, newest first, live, and older ones on request.
import { type EventLineFragment, InstanceEventRecordedDocument, InstanceEventsDocument } from '../graph/gql/graphql.ts'
import { useGraph } from '../graph/graph.ts'
import { useNewest } from '../graph/useNewest.ts'

export const useInstanceEvents = (instanceId: () => string) => {
  const { query, subscribe } = useGraph()
  return useNewest<EventLineFragment>(instanceId, () => {
    const id = instanceId()
    return {
      subscribe: ({ next, fault }) =>
        subscribe(
          InstanceEventRecordedDocument,
          { instanceId: id },
          { next: ({ eventRecorded }) => next(eventRecorded), fault },
        ),
      readPage: async (after) => {
        const { events } = await query(InstanceEventsDocument, { instanceId: id, after })
        return {
          items: events.edges.map(({ node }) => node),
          endCursor: events.pageInfo.endCursor ?? null,
          more: events.pageInfo.hasNextPage,
        }
      },
    }
  })
}
