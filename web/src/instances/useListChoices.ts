// What the list can be narrowed by and the views that are kept, with counts that follow the fleet.
import { onScopeDispose } from 'vue'
import {
  InstanceFacetsDocument,
  type InstanceFacetsQuery,
  InstancesChangedDocument,
  type SavedViewFragment,
  ViewsDocument,
} from '../graph/gql/graphql.ts'
import { useGraph } from '../graph/graph.ts'
import { useLive } from '../graph/useLive.ts'
import { type Undo, systemClock } from '../platform/clock.ts'

export interface ListChoices {
  facets: InstanceFacetsQuery['instanceFacets']
  views: SavedViewFragment[]
}

/** Counting costs the console a pass over the fleet: a fleet in motion is counted no more often than this. */
const COUNT_MS = 3000

export const useListChoices = () => {
  const { query, subscribe } = useGraph()
  let soon: Undo | undefined
  onScopeDispose(() => soon?.())
  const live = useLive<ListChoices, null>(
    () => null,
    () => ({
      subscribe: ({ fault }) =>
        subscribe(
          InstancesChangedDocument,
          {},
          {
            next: () => {
              soon ??= systemClock.after(COUNT_MS, () => {
                soon = undefined
                live.reread()
              })
            },
            fault,
          },
        ),
      read: async () => {
        const [{ instanceFacets }, { views }] = await Promise.all([
          query(InstanceFacetsDocument, {}),
          query(ViewsDocument, {}),
        ])
        return { facets: instanceFacets, views }
      },
      fold: (choices) => choices,
    }),
  )
  return live
}
