// The widths of rollups, how time falls into them, and how long each kind of row is kept.
import { LIMITS } from '@sindri/schema/contract/limits'

export const BUCKET_MS = LIMITS.snapshotMs
const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** How many seconds a rollup row stands for: the key of its width. */
export const BUCKET_STEP = BUCKET_MS / 1000
export const HOUR_STEP = hourMs / 1000

export const floorTo = (ms: number, widthMs: number): number => Math.floor(ms / widthMs) * widthMs

export const SNAPSHOTS_KEPT_MS = LIMITS.snapshotsKeptMs
export const HOURS_KEPT_MS = LIMITS.metricsKeptMs
/** Hours are computed from all their buckets, so these outlive the oldest sample that may still arrive. */
export const bucketsKeptMs = (samplesKeptMs: number): number => samplesKeptMs + 2 * dayMs
