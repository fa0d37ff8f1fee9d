// A clock that tests move by hand: timers fire in order of their time, and promises settle between them.
import { nextTurn, type Clock, type Undo } from './clock.ts'

export interface FakeClock extends Clock {
  /** Moves wall and monotonic time together and fires what falls due. */
  advance(ms: number): Promise<void>
  /** Sets the wall clock off by `ms`, as an administrator or NTP would; monotonic time does not move. */
  jumpWall(ms: number): void
  timerCount(): number
}

interface Timer {
  dueMs: number
  order: number
  intervalMs: number | null
  run: () => void
}

export function createFakeClock(startMs = Date.UTC(2026, 0, 1)): FakeClock {
  let wallMs = startMs
  let monotonicMs = 1_000
  let order = 0
  const timers = new Set<Timer>()

  function add(delayMs: number, intervalMs: number | null, run: () => void): Undo {
    const timer = { dueMs: monotonicMs + Math.max(0, delayMs), order: order++, intervalMs, run }
    timers.add(timer)
    return () => void timers.delete(timer)
  }

  function nextDue(untilMs: number): Timer | undefined {
    return [...timers]
      .filter((timer) => timer.dueMs <= untilMs)
      .sort((a, b) => a.dueMs - b.dueMs || a.order - b.order)[0]
  }

  function moveTo(targetMs: number): void {
    wallMs += targetMs - monotonicMs
    monotonicMs = targetMs
  }

  return {
    now: () => wallMs,
    monotonicMs: () => monotonicMs,
    after: (delayMs, run) => add(delayMs, null, run),
    every: (intervalMs, run) => add(intervalMs, Math.max(1, intervalMs), run),
    async advance(ms) {
      const untilMs = monotonicMs + ms
      await nextTurn()
      for (let timer = nextDue(untilMs); timer; timer = nextDue(untilMs)) {
        moveTo(Math.max(monotonicMs, timer.dueMs))
        if (timer.intervalMs === null) timers.delete(timer)
        else timer.dueMs += timer.intervalMs
        timer.run()
        await nextTurn()
      }
      moveTo(untilMs)
      await nextTurn()
    },
    jumpWall(ms) {
      wallMs += ms
    },
    timerCount: () => timers.size,
  }
}
