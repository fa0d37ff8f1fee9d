// Monotonic time that goes on while the machine sleeps, which the browser's own does not do everywhere.
import type { Clock } from '../platform/clock.ts'

/** A wall clock that is set forward looks like sleep; that makes things old too early, and never too late. */
export const createWakingTime = (clock: Pick<Clock, 'now' | 'elapsed'>): (() => number) => {
  let apart = clock.now() - clock.elapsed()
  let sleptMs = 0
  return () => {
    const nowApart = clock.now() - clock.elapsed()
    sleptMs += Math.max(0, nowApart - apart)
    apart = nowApart
    return clock.elapsed() + sleptMs
  }
}
