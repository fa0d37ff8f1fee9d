// How the console is that this page is connected to, as it says itself; it says so again at the start of each connection.
import { type ComputedRef, computed } from 'vue'
import { type HealthChangedSubscription, HealthChangedDocument } from '../../graph/gql/graphql.ts'
import { useGraph } from '../../graph/graph.ts'
import { useLive } from '../../graph/useLive.ts'

type Health = HealthChangedSubscription['healthChanged']

/** The first part that does not answer; null while all do, and before anything is known. */
export const useAilingPart = (): ComputedRef<Health['parts'][number]['name'] | null> => {
  const { subscribe } = useGraph()
  const { state } = useLive<Health | null, Health>([], () => ({
    subscribe: ({ next, fault }) =>
      subscribe(HealthChangedDocument, {}, { next: ({ healthChanged }) => next(healthChanged), fault }),
    read: async (shown) => shown ?? null,
    fold: (_, health) => health,
  }))
  return computed(() => state.value?.parts.find(({ isUp }) => !isUp)?.name ?? null)
}
