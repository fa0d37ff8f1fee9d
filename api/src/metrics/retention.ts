// Forgets what is too old: whole days of samples, then snapshots, rollups and gaps row by row.
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import { deleteSome, soberNow } from '../platform/expire.ts'
import { BUCKET_STEP, bucketsKeptMs, HOUR_STEP, HOURS_KEPT_MS, SNAPSHOTS_KEPT_MS } from './buckets.ts'
import type { Partitions } from './partitions.ts'

export interface RetentionDeps {
  db: Pick<Db, 'query'>
  clock: Pick<Clock, 'now'>
  partitions: Pick<Partitions, 'dropExpired'>
  /** Oldest sample that is kept or accepted, whichever is older. */
  samplesKeptMs: number
}

export const forget = async (
  { db, clock, partitions, samplesKeptMs }: RetentionDeps,
  signal?: AbortSignal,
): Promise<void> => {
  await partitions.dropExpired()
  const nowMs = await soberNow(db.query, clock)
  const before = (keptMs: number) => new Date(nowMs - keptMs)
  const deletions: [table: string, condition: string, params: unknown[]][] = [
    ['metric_snapshot', 'bucket < $1', [before(SNAPSHOTS_KEPT_MS)]],
    ['metric_rollup', 'step = $1 and bucket < $2', [BUCKET_STEP, before(bucketsKeptMs(samplesKeptMs))]],
    ['metric_rollup', 'step = $1 and bucket < $2', [HOUR_STEP, before(HOURS_KEPT_MS)]],
    ['metric_gap', 'to_at < $1', [before(HOURS_KEPT_MS)]],
  ]
  for (const [table, condition, params] of deletions) {
    if (signal?.aborted) return
    await deleteSome(db.query, table, condition, params, signal)
  }
}
