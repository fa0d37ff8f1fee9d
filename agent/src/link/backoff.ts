// How long to wait before trying again: full jitter under a growing ceiling, so that a thousand agents do not come back as one.

export interface Backoff {
  /**
   * The next delay in milliseconds; the ceiling doubles with each call. Where the far side said when to come, it is spread behind that: everybody
   * else was told the same.
   */
  next(retryAfterMs?: number | null): number
  /** After success the next failure starts small again. */
  reset(): void
}

export interface BackoffOptions {
  firstMs: number
  maxMs: number
  /** Uniform in [0, 1). */
  random: () => number
}

/** Those who were told the same time come over this span at least, however young their own ceiling is. */
const spreadMs = 2_000

export function createBackoff({ firstMs, maxMs, random }: BackoffOptions): Backoff {
  let ceiling = firstMs
  return {
    next(retryAfterMs = null) {
      const bound = retryAfterMs === null ? ceiling : Math.max(ceiling, spreadMs)
      ceiling = Math.min(ceiling * 2, maxMs)
      return Math.round((retryAfterMs ?? 0) + random() * bound)
    },
    reset() {
      ceiling = firstMs
    },
  }
}
