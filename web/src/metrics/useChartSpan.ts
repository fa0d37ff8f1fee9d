// Which time the charts show, kept in the address: a range that moves or is paused, or a part that somebody chose.
import { computed, shallowRef } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import type { Moments } from './chosenSpan.ts'
import type { RangeName } from './ranges.ts'
import { type Span, type SpanQuery, parseSpan } from './spanQuery.ts'

/** `ageMs`: how old the instance is; `name`: the screen whose address is read, since it outlives the screen for a moment. */
export const useChartSpan = (name: string, ageMs: () => number) => {
  const route = useRoute()
  const router = useRouter()
  const address = computed<SpanQuery>((before) => {
    // The address changes for other reasons, too: the same span stays the same object, and is not read again.
    const next = parseSpan(route.name === name ? route.query : {}, ageMs())
    return before && JSON.stringify(before) === JSON.stringify(next) ? before : next
  })
  /** Paused on this very page, which still has what it showed: there is nothing to read. */
  const heldAt = shallowRef<number>()
  const isHeld = computed(() => address.value.pausedAt !== null && address.value.pausedAt === heldAt.value)
  const lasting = computed<Span>((before) => {
    const { span } = address.value
    return isHeld.value && before?.kind === 'last' ? before : span
  })

  const query = (part: Record<string, string | undefined>) => ({
    query: { ...route.query, from: undefined, to: undefined, paused: undefined, ...part },
  })
  const range = computed<RangeName>({
    get: () => address.value.range,
    set: (chosen) => void router.replace(query({ range: chosen })),
  })

  return {
    range,
    /** What is to be read. */
    span: lasting,
    /** Begin and end were chosen. */
    chosen: computed(() => address.value.chosen),
    pausedAt: computed(() => address.value.pausedAt),
    isHeld,
    /** A part of it; from one part to the next by keys the way back does not grow. */
    zoom: ({ from, to }: Moments, byKey = false) => {
      const there = query({ from: String(Math.round(from)), to: String(Math.round(to)) })
      void (byKey && address.value.chosen ? router.replace(there) : router.push(there))
    },
    back: () => void router.replace(query({})),
    pause: (at: number) => {
      heldAt.value = Math.round(at)
      void router.replace(query({ paused: String(heldAt.value) }))
    },
    resume: () => void router.replace(query({})),
  }
}
