// While the pointer or the focus is in a list nothing moves in it: what is new waits, what is loaded below may come.
import { computed, shallowRef, watch } from 'vue'
import { heldBack } from './heldBack.ts'

export const useHeldList = <Item extends { id: string }>(items: () => readonly Item[], another: () => unknown) => {
  const pointed = shallowRef(false)
  const focused = shallowRef(false)
  const held = computed(() => pointed.value || focused.value)
  const shown = shallowRef<readonly Item[]>([])
  const waiting = shallowRef(0)

  /** Another list is not the same list in another order: there is nothing to hold. */
  let other = true
  const release = () => {
    other = false
    shown.value = items()
    waiting.value = 0
  }
  const renew = () => {
    if (!held.value || other) return release()
    const { kept, waiting: late } = heldBack(shown.value, items())
    shown.value = kept
    waiting.value = late
  }
  watch(items, renew, { immediate: true })
  watch(another, () => (other = true))
  watch(held, (now) => now || release())

  /** For v-bind on the list. */
  const hold = {
    onPointerenter: () => (pointed.value = true),
    onPointerleave: () => (pointed.value = false),
    onFocusin: () => (focused.value = true),
    onFocusout: ({ currentTarget, relatedTarget }: FocusEvent) =>
      (focused.value = (currentTarget as Element).contains(relatedTarget as Node | null)),
  }
  return {
    shown: shown as Readonly<typeof shown>,
    waiting: computed(() => waiting.value),
    hold,
    release,
  }
}
