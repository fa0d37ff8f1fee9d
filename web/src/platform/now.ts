// One ticking "now" for the whole page: ages and countdowns move together, and only while somebody shows one.
import { type ShallowRef, onScopeDispose, shallowRef } from 'vue'
import { type Undo, systemClock } from './clock.ts'

const now = shallowRef(systemClock.now())
let readers = 0
let stop: Undo | undefined

/** Milliseconds since 1970, renewed each second until the caller's scope ends. */
export const useNow = (): Readonly<ShallowRef<number>> => {
  if (readers++ === 0) {
    now.value = systemClock.now()
    stop = systemClock.every(1000, () => (now.value = systemClock.now()))
  }
  onScopeDispose(() => {
    if (--readers === 0) stop?.()
  })
  return now
}
