// The whole samples of a span, read once and then only what came since.
import { LIMITS } from '@sindri/schema/contract/limits'
import type { ComputedRef } from 'vue'
import { SnapshotsDocument } from '../graph/gql/graphql.ts'
import { useGraph } from '../graph/graph.ts'
import { useLive } from '../graph/useLive.ts'
import { systemClock } from '../platform/clock.ts'
import { type Snapshot, type Snapshots, addSnapshots } from './snapshots.ts'
import type { Span } from './spanQuery.ts'

/** `looked`: somebody looks at them. */
export const useSnapshots = (instanceId: () => string, span: ComputedRef<Span>, looked: () => boolean) => {
  const { query } = useGraph()
  return useLive<Snapshots, never>([instanceId, span, looked], () => {
    if (!looked()) return undefined
    const id = instanceId()
    const wanted = span.value
    const read = async (shown: Snapshots | undefined): Promise<Snapshots> => {
      const now = systemClock.now()
      const [begin, to] = wanted.kind === 'last' ? [now - wanted.ms, now] : [wanted.from, wanted.to]
      const from = Math.max(begin, now - LIMITS.snapshotsKeptMs)
      const items: Snapshot[] = []
      let after = shown?.endCursor ?? null
      // The console refuses a span that ends before it begins: all of this one is forgotten.
      for (let more = from < to; more;) {
        const { metricSnapshots: page } = await query(SnapshotsDocument, {
          instanceId: id,
          from: new Date(from).toISOString(),
          to: new Date(to).toISOString(),
          after,
        })
        items.push(...page.edges.map(({ node }) => node))
        after = page.pageInfo.endCursor ?? after
        more = page.pageInfo.hasNextPage
      }
      return addSnapshots(shown, items, after, from)
    }
    return { read, fold: (snapshots) => snapshots }
  })
}
