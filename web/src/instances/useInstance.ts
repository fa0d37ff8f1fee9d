// One instance with all it reports, live.
import {
  type FullSampleFragment,
  InstanceChangedDocument,
  type InstanceChangedSubscription,
  InstanceDocument,
  type InstanceFactsFragment,
} from '../graph/gql/graphql.ts'
import { useGraph } from '../graph/graph.ts'
import { useLive } from '../graph/useLive.ts'

export interface KnownInstance {
  facts: InstanceFactsFragment
  latest: FullSampleFragment | null
  /** Gone while it was looked at. */
  removed: boolean
}

export const useInstance = (id: () => string) => {
  const { query, subscribe } = useGraph()
  return useLive<KnownInstance, InstanceChangedSubscription['instanceChanged']>(id, () => {
    const wanted = id()
    return {
      subscribe: ({ next, fault }) =>
        subscribe(
          InstanceChangedDocument,
          { ids: [wanted] },
          { next: ({ instanceChanged }) => next(instanceChanged), fault },
        ),
      read: async () => {
        const { latest, ...facts } = (await query(InstanceDocument, { id: wanted })).instance
        return { facts, latest: latest ?? null, removed: false }
      },
      fold: (known, { instance }) =>
        instance ? { ...known, facts: instance, removed: false } : { ...known, removed: true },
    }
  })
}
