// Time as the agent sees it: wall time for people, monotonic time for intervals, and timers that can be undone.

export type Undo = () => void

export interface Clock {
  /** Wall clock, milliseconds since 1970. It may jump; never subtract two of its readings. */
  now(): number
  /** Never goes back and never jumps when the wall clock is set. Only differences mean something. */
  monotonicMs(): number
  after(delayMs: number, run: () => void): Undo
  every(intervalMs: number, run: () => void): Undo
}

/** Node takes a longer delay for none at all. */
const longestMs = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, Math.min(delayMs, longestMs))
    return () => clearTimeout(timer)
  },
  every(intervalMs, run) {
    const timer = setInterval(run, intervalMs)
    return () => clearInterval(timer)
  },
}

/** Resolves after `delayMs` of this clock, or as soon as `signal` is aborted. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (signal?.aborted) return Promise.resolve()
  const wake = (): void => {
    undo()
    signal?.removeEventListener('abort', wake)
    resolve()
  }
  const undo = clock.after(delayMs, wake)
  signal?.addEventListener('abort', wake)
  return promise
}

/** Lets everything else that waits have its turn: keystrokes, timers, finished reads. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
