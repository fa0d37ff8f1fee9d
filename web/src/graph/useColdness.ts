// How cold the page is, second by second.
import { type ComputedRef, computed } from 'vue'
import { useNow } from '../platform/now.ts'
import { useGraph } from './graph.ts'
import { coldness } from './link.ts'

export const useColdness = (): ComputedRef<'warm' | 'hollow' | 'cold'> => {
  const { link } = useGraph()
  const now = useNow()
  return computed(() => coldness(link.value, now.value))
}
