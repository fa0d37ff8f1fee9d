// Time as the console sees it: wall time for people, monotonic time for intervals, and timers that can be undone.

export type Undo = () => void

export interface Clock {
  /** Wall clock, milliseconds since 1970. It may jump; never subtract two of its readings. */
  now(): number
  /** Never goes back and never jumps when the wall clock is set. Only differences mean something. */
  monotonicMs(): number
  after(delayMs: number, run: () => void): Undo
  every(intervalMs: number, run: () => void): Undo
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
  every(intervalMs, run) {
    const timer = setInterval(run, intervalMs)
    return () => clearInterval(timer)
  },
}

/** Lets what has come meanwhile, from sockets above all, go first. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
