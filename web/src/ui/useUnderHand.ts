// Whether the pointer or the focus is in a part of the page: then nothing may move in it.
import { computed, shallowRef, watch } from 'vue'

export const useUnderHand = () => {
  const pointed = shallowRef(false)
  const focused = shallowRef(false)
  /** For v-bind on the part. */
  const hold = {
    onPointerenter: () => (pointed.value = true),
    onPointerleave: () => (pointed.value = false),
    onFocusin: () => (focused.value = true),
    onFocusout: ({ currentTarget, relatedTarget }: FocusEvent) =>
      (focused.value = (currentTarget as Element).contains(relatedTarget as Node | null)),
  }
  return { held: computed(() => pointed.value || focused.value), hold }
}

/** What is shown of a thing that changes: as it was, as long as it is under hand. */
export const useHeld = <Thing>(thing: () => Thing) => {
  const { held, hold } = useUnderHand()
  const shown = shallowRef(thing())
  watch([thing, held], () => {
    if (!held.value) shown.value = thing()
  })
  return { shown, hold }
}
