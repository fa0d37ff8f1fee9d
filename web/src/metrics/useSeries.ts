// The series of one instance over a span: a sliding one is live, a fixed one is read.
import type { ComputedRef } from 'vue'
import { SampledDocument, SeriesDocument } from '../graph/gql/graphql.ts'
import type { FullSampleFragment } from '../graph/gql/graphql.ts'
import { useGraph } from '../graph/graph.ts'
import { useLive } from '../graph/useLive.ts'
import { systemClock } from '../platform/clock.ts'
import { type Series, foldSample, toSeries } from './series.ts'
import type { Span } from './spanQuery.ts'

/** `looked`: somebody looks. Nobody else makes an agent sample faster. */
export const useSeries = (instanceId: () => string, span: ComputedRef<Span>, looked: () => boolean) => {
  const { query, subscribe } = useGraph()
  return useLive<Series, FullSampleFragment>([instanceId, span, looked], () => {
    if (!looked()) return undefined
    const id = instanceId()
    const wanted = span.value
    const read = async (shown: Series | undefined) => {
      const readAt = systemClock.now()
      const [from, to] = wanted.kind === 'last' ? [readAt - wanted.ms, readAt] : [wanted.from, wanted.to]
      const { metrics } = await query(SeriesDocument, {
        instanceId: id,
        from: new Date(from).toISOString(),
        to: new Date(to).toISOString(),
      })
      return toSeries(metrics, from, readAt, shown)
    }
    if (wanted.kind === 'fixed') return { read, fold: (series) => series }
    return {
      subscribe: ({ next, fault }) =>
        subscribe(SampledDocument, { ids: [id] }, { next: ({ metricSampled }) => next(metricSampled.sample), fault }),
      read,
      fold: foldSample,
    }
  })
}
