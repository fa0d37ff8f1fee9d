// What needs somebody: read again whenever a status changes, and every few seconds for what no status tells, such as a refused act.
import { onScopeDispose, watch } from 'vue'
import { FleetConcernsDocument } from '../graph/gql/graphql.ts'
import { useGraph } from '../graph/graph.ts'
import { useLive } from '../graph/useLive.ts'
import { systemClock } from '../platform/clock.ts'
import type { Concern } from './concerns.ts'
import type { Square } from './squares.ts'

const AGAIN_MS = 10_000

export const useConcerns = (squares: () => readonly Square[] | undefined) => {
  const { query } = useGraph()
  const live = useLive<Concern[], never>(
    () => null,
    () => ({
      read: async () => (await query(FleetConcernsDocument, {})).fleet.concerns,
      fold: (concerns) => concerns,
    }),
  )
  onScopeDispose(systemClock.every(AGAIN_MS, live.reread))
  const silent = () =>
    squares()
      ?.filter(({ status }) => status !== 'RUNNING')
      .map(({ id, status }) => id + status)
      .join()
  watch(silent, (now, before) => {
    if (before !== undefined && now !== before) live.reread()
  })
  return live
}
