// Every instance of the fleet with how loaded it is, live.
import { FleetChangedDocument, type FleetChangedSubscription, FleetLoadDocument } from '../graph/gql/graphql.ts'
import { useGraph } from '../graph/graph.ts'
import { useLive } from '../graph/useLive.ts'
import { systemClock } from '../platform/clock.ts'
import { foldSquares, type Squares, toSquares } from './squares.ts'

export const useFleet = () => {
  const { query, subscribe } = useGraph()
  return useLive<Squares, FleetChangedSubscription['fleetChanged']>(
    () => null,
    () => ({
      subscribe: ({ next, fault }) =>
        subscribe(FleetChangedDocument, {}, { next: ({ fleetChanged }) => next(fleetChanged), fault }),
      read: async () => {
        const readAt = systemClock.now()
        return { list: toSquares((await query(FleetLoadDocument, {})).fleet.load), readAt }
      },
      fold: foldSquares,
    }),
  )
}
