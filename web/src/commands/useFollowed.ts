// A text that grows, in a box that scrolls: at its end the reader goes along, anywhere else nothing moves under the eye.
import { nextTick, onScopeDispose, type ShallowRef, shallowRef, watch } from 'vue'
import type { StreamView } from './foldOutput.ts'

/** So near to the end counts as there: fractions of pixels, and a line that was just begun. */
const NEAR_PX = 12

export const useFollowed = (box: Readonly<ShallowRef<HTMLElement | null>>, view: () => StreamView) => {
  const shown = shallowRef(view())
  const atEnd = shallowRef(true)
  /** Something is below what is in sight that was not there before. */
  const newer = shallowRef(false)

  const toEnd = () => void (box.value && (box.value.scrollTop = box.value.scrollHeight))
  const renew = async () => {
    if (!atEnd.value) {
      newer.value = true
      // What is cut off at the top would take away what is being read.
      if (view().cut === shown.value.cut) shown.value = view()
      return
    }
    shown.value = view()
    newer.value = false
    await nextTick()
    toEnd()
  }
  const onScroll = () => {
    const el = box.value
    if (!el) return
    const was = atEnd.value
    atEnd.value = el.scrollHeight - el.scrollTop - el.clientHeight <= NEAR_PX
    if (atEnd.value && !was) void renew()
  }
  const follow = () => {
    atEnd.value = true
    box.value?.focus()
    void renew()
  }

  watch(view, renew)
  // Another width breaks the lines anew, and what stands below may take of the height.
  const sized = new ResizeObserver(() => atEnd.value && toEnd())
  watch(
    box,
    (now, before) => {
      if (before) sized.unobserve(before)
      if (now) sized.observe(now)
    },
    { flush: 'post', immediate: true },
  )
  onScopeDispose(() => sized.disconnect())
  return { shown, newer, onScroll, follow }
}
