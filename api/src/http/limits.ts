// How much one caller may ask: token buckets by the clock alone, refilled steadily, empty ones answered with when to come back.
import { Fault } from '@sindri/schema/contract/codes'
import type { Clock } from '../platform/clock.ts'

export interface Budget {
  perSecond: number
  /** What may come at once after a rest. */
  burst: number
}

const MiB = 1024 * 1024
const perMinute = (count: number): Budget => ({ perSecond: count / 60, burst: count })

/** Each number of section 10 of the protocol, and budgets of their own for what flows rather than asks. */
export const BUDGETS = {
  /** Operations of one user, key, or address of somebody unknown. */
  operations: perMinute(1_000),
  /** Attempts to come in that failed, by address: enrolment, and sockets. */
  failedEnrolments: perMinute(10),
  failedSockets: perMinute(300),
  /** Bytes of keys, acknowledgements and sizes of one user: far above fast typing, pasting included. */
  terminalBytes: { perSecond: 2 * MiB, burst: 8 * MiB },
  /** Of one agent: a spool of 24 h comes back in minutes, and nobody fills the database by himself. */
  telemetryRecords: { perSecond: 1_000, burst: 20_000 },
  telemetryBytes: { perSecond: 4 * MiB, burst: 64 * MiB },
  /** Terminal frames of one agent, whose flow is governed by credit; this bounds one that ignores it. */
  frameBytes: { perSecond: 64 * MiB, burst: 128 * MiB },
} as const satisfies Record<string, Budget>

export interface Limiter {
  /** Takes `cost` from the bucket of `key`. Answers 0, or, taking nothing, the milliseconds until there will be enough. */
  take(key: string, cost?: number): number
  /** The same without taking: whether it would pass now. */
  wait(key: string, cost?: number): number
  /** The same, as a Fault where there is not enough. */
  demand(key: string, what: string, cost?: number): void
  /** Takes one for what has happened already, into a debt of at most one burst: who did much at the same moment waits for it. */
  charge(key: string): void
  /** Buckets in memory; full ones are forgotten. */
  size(): number
}

interface Bucket {
  tokens: number
  atMs: number
}

/** Refilling in many small steps adds up to a hair less than in one. */
const ROUNDING = 1e-6
/** Above this, full buckets are looked for and forgotten: an attacker with many addresses must not fill memory. */
const SWEEP_ABOVE = 1_000

export const createLimiter = (clock: Pick<Clock, 'monotonicMs'>, { perSecond, burst }: Budget): Limiter => {
  const buckets = new Map<string, Bucket>()
  let sweepAt = SWEEP_ABOVE

  const refill = (bucket: Bucket, nowMs: number): void => {
    bucket.tokens = Math.min(burst, bucket.tokens + ((nowMs - bucket.atMs) / 1000) * perSecond)
    bucket.atMs = nowMs
  }

  const sweep = (nowMs: number): void => {
    for (const [key, bucket] of buckets) {
      refill(bucket, nowMs)
      if (bucket.tokens >= burst) buckets.delete(key)
    }
    // While all of them are in use the next sweep waits for twice as many, so that sweeping stays cheap per take.
    sweepAt = Math.max(SWEEP_ABOVE, buckets.size * 2)
  }

  const waitOf = ({ tokens }: Bucket, cost: number): number => {
    // What is larger than a whole bucket passes when the bucket is full, or it could never pass.
    const wanted = Math.min(cost, burst)
    return tokens >= wanted - ROUNDING ? 0 : Math.ceil(((wanted - tokens) / perSecond) * 1000)
  }

  const bucketOf = (key: string): Bucket => {
    const nowMs = clock.monotonicMs()
    let bucket = buckets.get(key)
    if (!bucket) {
      if (buckets.size >= sweepAt) sweep(nowMs)
      buckets.set(key, (bucket = { tokens: burst, atMs: nowMs }))
    }
    refill(bucket, nowMs)
    return bucket
  }

  const take = (key: string, cost = 1): number => {
    const bucket = bucketOf(key)
    const waitMs = waitOf(bucket, cost)
    if (waitMs === 0) bucket.tokens -= cost
    return waitMs
  }

  return {
    take,
    charge(key) {
      const bucket = bucketOf(key)
      bucket.tokens = Math.max(bucket.tokens - 1, -burst)
    },
    wait(key, cost = 1) {
      const bucket = buckets.get(key)
      if (!bucket) return 0
      refill(bucket, clock.monotonicMs())
      return waitOf(bucket, cost)
    },
    demand(key, what, cost) {
      const retryAfterMs = take(key, cost)
      if (retryAfterMs > 0) {
        const wait = retryAfterMs < 1000 ? `${retryAfterMs} ms` : `${Math.ceil(retryAfterMs / 1000)} s`
        throw new Fault('RATE_LIMITED', `Too many ${what}; try again in ${wait}.`, { retryAfterMs })
      }
    },
    size: () => buckets.size,
  }
}
