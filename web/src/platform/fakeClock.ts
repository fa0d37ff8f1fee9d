// A clock that only moves when a test moves it.
import type { Clock } from './clock.ts'

export interface FakeClock extends Clock {
  /** Runs whatever falls due on the way, in order of time. */
  advance(ms: number): void
}

export const createFakeClock = (start = 0): FakeClock => {
  let now = start
  const timers = new Set<{ at: number; run: () => void }>()
  const after = (delayMs: number, run: () => void) => {
    const timer = { at: now + delayMs, run }
    timers.add(timer)
    return () => void timers.delete(timer)
  }
  const every = (periodMs: number, run: () => void) => {
    let undo = after(periodMs, function tick() {
      undo = after(periodMs, tick)
      run()
    })
    return () => undo()
  }
  return {
    now: () => now,
    elapsed: () => now,
    chance: () => 0.5,
    after,
    every,
    advance: (ms) => {
      const end = now + ms
      for (;;) {
        const due = [...timers].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0]
        if (!due) break
        timers.delete(due)
        now = due.at
        due.run()
      }
      now = end
    },
  }
}
