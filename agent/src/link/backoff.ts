// How long to wait before trying again: full jitter under a growing ceiling, so that a thousand agents do not come back as one.

export interface Backoff {
  /** The next delay in milliseconds; the ceiling doubles with each call. `ceilingMs` bounds this one delay. */
  next(ceilingMs?: number): number
  /** After success the next failure starts small again. */
  reset(): void
}

export interface BackoffOptions {
  firstMs: number
  maxMs: number
  /** Uniform in [0, 1). */
  random: () => number
}

export function createBackoff({ firstMs, maxMs, random }: BackoffOptions): Backoff {
  let ceiling = firstMs
  return {
    next(ceilingMs = maxMs) {
      const bound = Math.min(ceiling, ceilingMs)
      ceiling = Math.min(ceiling * 2, maxMs)
      return Math.round(random() * bound)
    },
    reset() {
      ceiling = firstMs
    },
  }
}
