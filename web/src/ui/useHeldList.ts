// While the pointer or the focus is in a list, or its head out of sight, nothing moves in it: what is new waits, what is loaded below may come.
import { computed, onScopeDispose, shallowRef, watch } from 'vue'
import { type Undo, systemClock } from '../platform/clock.ts'
import { heldBack } from './heldBack.ts'

/** The way from the list to what offers the new ones: it must not vanish before the pointer is there. */
const LEAVE_MS = 1_500

/** `items` hears whether they are held, for a list that what has changed would leave. */
export const useHeldList = <Item extends { id: string }>(
  items: (held: boolean) => readonly Item[],
  another: () => unknown,
) => {
  const pointed = shallowRef(false)
  const focused = shallowRef(false)
  const scrolled = shallowRef(false)
  const held = computed(() => pointed.value || focused.value || scrolled.value)
  let leaving: Undo | undefined
  const shown = shallowRef<readonly Item[]>([])
  const waiting = shallowRef(0)

  /** Another list is not the same list in another order: there is nothing to hold. */
  let other = true
  const release = () => {
    other = false
    shown.value = items(false)
    waiting.value = 0
  }
  const renew = () => {
    if (!held.value || other) return release()
    const { kept, waiting: late } = heldBack(shown.value, items(true))
    shown.value = kept
    waiting.value = late
  }
  watch(() => items(held.value), renew, { immediate: true })
  watch(another, () => (other = true))
  watch(held, (now) => now || release())

  onScopeDispose(() => leaving?.())

  /** For v-bind on the list, which scrolls. */
  const hold = {
    onPointerenter: () => {
      leaving?.()
      pointed.value = true
    },
    onPointerleave: () => {
      leaving = systemClock.after(LEAVE_MS, () => (pointed.value = false))
    },
    onScroll: ({ currentTarget }: Event) => (scrolled.value = (currentTarget as Element).scrollTop > 0),
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
