// The rows on screen: while the pointer or the focus is among them they stay where they are, and what is new waits.
import { type ComputedRef, type ShallowRef, computed, shallowRef, watch } from 'vue'
import { type Row, type Rows, holdOrder } from './rows.ts'

export const useHeldRows = (
  list: ComputedRef<unknown>,
  state: Readonly<ShallowRef<Rows | undefined>>,
  reread: () => void,
) => {
  const pointed = shallowRef(false)
  const focused = shallowRef(false)
  const held = computed(() => pointed.value || focused.value)
  const shown = shallowRef<readonly Row[]>([])
  const waiting = shallowRef(0)
  /** Another list is not the same list in another order: there is nothing to hold. */
  let other = true
  const renew = () => {
    const fresh = state.value?.rows ?? []
    const { rows, waiting: late } = held.value && !other ? holdOrder(shown.value, fresh) : { rows: fresh, waiting: 0 }
    other = false
    shown.value = rows
    waiting.value = late + (state.value?.news.length ?? 0)
  }
  watch(state, (rows) => {
    renew()
    // In an empty list nothing can move under anybody: the first instance need not wait.
    if (rows?.rows.length === 0 && rows.news.length > 0) reread()
  })
  watch(list, () => (other = true))
  watch(held, (now) => now || renew())

  return {
    shown,
    waiting,
    showNew: (): void => {
      other = true
      reread()
    },
    /** Listeners of the element around the rows. From row to row the focus stays in the list. */
    over: {
      pointerenter: () => void (pointed.value = true),
      pointerleave: () => void (pointed.value = false),
      focusin: () => void (focused.value = true),
      focusout: ({ currentTarget, relatedTarget }: FocusEvent) =>
        void (focused.value = (currentTarget as Element).contains(relatedTarget as Node | null)),
    },
  }
}
