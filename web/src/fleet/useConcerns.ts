// What needs somebody, read again whenever a status changes: the rest of it is as old as the last reading at most.
import { watch } from 'vue'
import { FleetConcernsDocument } from '../graph/gql/graphql.ts'
import { useGraph } from '../graph/graph.ts'
import { useLive } from '../graph/useLive.ts'
import type { Concern } from './concerns.ts'
import type { Square } from './squares.ts'

export const useConcerns = (squares: () => readonly Square[] | undefined) => {
  const { query } = useGraph()
  const live = useLive<Concern[], never>(
    () => null,
    () => ({
      read: async () => (await query(FleetConcernsDocument, {})).fleet.concerns,
      fold: (concerns) => concerns,
    }),
  )
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
