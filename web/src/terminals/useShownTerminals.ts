// The facts of the terminals in the workspace, each asked for once, and whether their instances hold a link.
import { computed, shallowReactive, watch } from 'vue'
import {
  TerminalDocument,
  type TerminalLineFragment,
  TerminalPlaceChangedDocument,
  TerminalPlaceDocument,
  type TerminalPlaceFragment,
} from '../graph/gql/graphql.ts'
import { type ShownFault, toFault } from '../graph/faults.ts'
import { useGraph } from '../graph/graph.ts'
import { useLive } from '../graph/useLive.ts'
import { useNow } from '../platform/now.ts'

export type ShownTerminal = { terminal: TerminalLineFragment } | { fault: ShownFault }

type Places = ReadonlyMap<string, TerminalPlaceFragment>
type Change = { id: string; instance: TerminalPlaceFragment | null }

export const useShownTerminals = (ids: () => readonly string[]) => {
  const { query, subscribe } = useGraph()
  const now = useNow()
  const shown = shallowReactive(new Map<string, ShownTerminal>())
  const asked = new Set<string>()

  const load = async (id: string): Promise<void> => {
    asked.add(id)
    try {
      shown.set(id, { terminal: (await query(TerminalDocument, { id })).terminal })
    } catch (error) {
      shown.set(id, { fault: toFault(error) })
    }
  }
  watch(
    ids,
    (wanted) => {
      for (const id of wanted) if (!asked.has(id)) void load(id)
      for (const id of asked)
        if (!wanted.includes(id)) {
          asked.delete(id)
          shown.delete(id)
        }
    },
    { immediate: true },
  )

  const terminalOf = (id: string): TerminalLineFragment | undefined => {
    const found = shown.get(id)
    return found && 'terminal' in found ? found.terminal : undefined
  }
  const instanceIds = computed(() => [
    ...new Set(
      ids()
        .flatMap((id) => terminalOf(id)?.instanceId ?? [])
        .toSorted(),
    ),
  ])
  const { state: places } = useLive<Places, Change>(
    () => instanceIds.value.join(),
    () => {
      const wanted = instanceIds.value
      if (wanted.length === 0) return undefined
      return {
        subscribe: ({ next, fault }) =>
          subscribe(
            TerminalPlaceChangedDocument,
            { ids: wanted },
            {
              next: ({ instanceChanged }) => next({ ...instanceChanged, instance: instanceChanged.instance ?? null }),
              fault,
            },
          ),
        read: async () => {
          const found = await Promise.all(
            // Removed meanwhile: its terminals say so themselves.
            wanted.map((id) =>
              query(TerminalPlaceDocument, { id }).then(
                ({ instance }) => [instance],
                () => [],
              ),
            ),
          )
          return new Map(found.flat().map((place) => [place.id, place]))
        },
        fold: (known, { id, instance }) => {
          const next = new Map(known)
          if (instance) next.set(id, instance)
          else next.delete(id)
          return next
        },
      }
    },
  )

  /** How long the agent has held no link; null while it does, or while nobody knows. */
  const awayMs = (id: string): number | null => {
    const place = places.value?.get(terminalOf(id)?.instanceId ?? '')
    if (!place || place.liveness === 'ONLINE' || !place.lastSeenAt) return null
    return Math.max(0, now.value - Date.parse(place.lastSeenAt))
  }
  return { shown, terminalOf, awayMs, reload: load }
}
