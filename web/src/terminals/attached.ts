// Which terminals this page is attached to now: what it shows, or keeps shown behind another screen.
import { shallowReactive } from 'vue'

const ids = shallowReactive(new Set<string>())

export const isAttached = (id: string): boolean => ids.has(id)
/** Returns its undo. */
export const markAttached = (id: string): (() => void) => {
  ids.add(id)
  return () => ids.delete(id)
}
