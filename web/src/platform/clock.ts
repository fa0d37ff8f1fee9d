// Time and chance as the page knows them, so that tests can own both.

export type Undo = () => void

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Monotonic milliseconds, for measuring. */
  elapsed(): number
  after(delayMs: number, run: () => void): Undo
  every(periodMs: number, run: () => void): Undo
  /** At least 0 and below 1. */
  chance(): number
}

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
  every: (periodMs, run) => {
    const timer = setInterval(run, periodMs)
    return () => clearInterval(timer)
  },
  chance: () => Math.random(),
}
