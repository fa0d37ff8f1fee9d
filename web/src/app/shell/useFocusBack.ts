// Gives the focus back to what had it before dialogs came that a key opened: no button stands for those.
import { nextTick, watch } from 'vue'

/** `isOpen`: any of them; one that another opened is still part of the same turn. */
export const useFocusBack = (isOpen: () => boolean): void => {
  let before: Element | null = null
  watch(isOpen, async (now) => {
    // Not yet drawn: whatever has the focus now is what the user left.
    if (now) before = document.activeElement
    else {
      await nextTick()
      if (before instanceof HTMLElement) before.focus({ preventScroll: true })
    }
  })
}
