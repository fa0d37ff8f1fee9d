// What the charts of one instance show: which time, whether it moves, and the newest sample.
import { LIMITS } from '@sindri/schema/contract/limits'
import { computed, shallowRef, watch } from 'vue'
import type { EventLineFragment } from '../../graph/gql/graphql.ts'
import { useColdness } from '../../graph/useColdness.ts'
import type { UsedLive } from '../../graph/useLive.ts'
import type { KnownInstance } from '../../instances/useInstance.ts'
import { type InstanceCharts, toCharts } from '../../metrics/charts.ts'
import type { Series } from '../../metrics/series.ts'
import { useChartSpan } from '../../metrics/useChartSpan.ts'
import { useSeries } from '../../metrics/useSeries.ts'
import { useSnapshots } from '../../metrics/useSnapshots.ts'
import { systemClock } from '../../platform/clock.ts'
import { useNow } from '../../platform/now.ts'
import type { TabName } from './tabs.ts'

/** Where the charts end: the newest that is known, by the clock that stamped it. */
const edgeOf = (shown: Series) => Math.max(shown.readAt, shown.lastAt)

export const useCharts = (
  id: () => string,
  tab: () => TabName,
  known: UsedLive<KnownInstance>['state'],
  events: () => readonly EventLineFragment[],
) => {
  const now = useNow()
  const coldness = useColdness()

  const createdAt = computed(() => (known.value ? Date.parse(known.value.facts.createdAt) : undefined))
  /** As old as when it was loaded: the range must not change by itself later. */
  const ageMs = shallowRef(Number.POSITIVE_INFINITY)
  watch(createdAt, (at) => (ageMs.value = at === undefined ? Number.POSITIVE_INFINITY : systemClock.now() - at), {
    immediate: true,
  })
  const span = useChartSpan('instance', () => ageMs.value)
  const series = useSeries(id, span.span, () => tab() === 'overview' || tab() === 'resources')
  const snapshots = useSnapshots(id, span.span, () => tab() === 'resources')

  /** What was shown when it was paused on this page: it knows more than can be read. */
  const held = shallowRef<Series>()
  const shownSeries = computed(() => (span.isHeld.value && held.value ? held.value : series.state.value))
  const mode = computed<'live' | 'paused'>({
    get: () => (span.pausedAt.value === null ? 'live' : 'paused'),
    set: (chosen) => {
      const shown = series.state.value
      held.value = chosen === 'paused' ? shown : undefined
      if (chosen === 'live') span.resume()
      else if (shown) span.pause(edgeOf(shown))
    },
  })

  const sample = computed(() => {
    const [live, stored] = [shownSeries.value?.latest ?? null, known.value?.latest ?? null]
    return live && (!stored || live.at >= stored.at) ? live : stored
  })
  const moves = computed(() => span.pausedAt.value === null && !span.chosen.value)
  const current = computed(
    () =>
      span.pausedAt.value === null &&
      coldness.value === 'warm' &&
      known.value?.facts.status === 'RUNNING' &&
      !!sample.value &&
      now.value - Date.parse(sample.value.at) < 2.5 * known.value.facts.metricsMs,
  )
  const bounds = computed(() => {
    const { value } = span.span
    if (value.kind === 'fixed') return { from: value.from, to: value.to }
    const to = span.pausedAt.value ?? (shownSeries.value ? edgeOf(shownSeries.value) : now.value)
    return { from: to - value.ms, to }
  })
  /** The clock of the newest sample may be ahead of this one. */
  const reach = computed(() => {
    const kept = now.value - LIMITS.metricsKeptMs
    return { earliest: Math.max(kept, createdAt.value ?? kept), now: now.value }
  })

  const charts = computed<InstanceCharts | undefined>(() => {
    if (!shownSeries.value || !known.value) return undefined
    return toCharts({
      ...bounds.value,
      series: shownSeries.value,
      live: current.value && moves.value,
      sampleMs: known.value.facts.metricsMs,
      since: Date.parse(known.value.facts.createdAt),
      cores: sample.value?.cpu?.coreCount ?? null,
      memoryTotal: sample.value?.memory?.total ?? null,
      marks: events().map((event) => ({ id: event.id, at: Date.parse(event.at), text: event.message })),
    })
  })

  return {
    span,
    mode,
    bounds,
    reach,
    isYoung: computed(() => reach.value.earliest === createdAt.value),
    sample,
    /** The sample is of now. */
    current,
    /** So are the charts. */
    live: computed(() => current.value && moves.value),
    charts,
    dropped: computed(() => shownSeries.value?.dropped ?? 0),
    fault: series.fault,
    reread: series.reread,
    snapshots,
    keptFrom: computed(() => now.value - LIMITS.snapshotsKeptMs),
  }
}

export type UsedCharts = ReturnType<typeof useCharts>
