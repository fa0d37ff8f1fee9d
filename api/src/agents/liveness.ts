// The rule of liveness: silent for two heartbeat intervals is STALE, for three OFFLINE, with no interval counted shorter than 10 s.
import { LIMITS } from '@sindri/schema/contract/limits'
import type { Liveness } from '@sindri/schema/contract/status'

/** OFFLINE never comes before the floor, and STALE always before OFFLINE. */
const shortestIntervalMs = LIMITS.offlineFloorMs / 3

/** Nobody is judged who was heard more recently than this. */
export const patienceMs = 2 * shortestIntervalMs

/** Silence counts from the last frame, or from when a console was able to hear one, whichever was later. */
export const silenceMs = (lastSeenMs: number, heardSinceMs: number, nowMs: number): number =>
  Math.max(0, nowMs - Math.max(lastSeenMs, heardSinceMs))

/** What silence makes of it; it never makes anything better. */
export const livenessAfter = (silentMs: number, heartbeatMs: number, present: Liveness): Liveness => {
  if (present === 'OFFLINE' || present === 'NEVER') return present
  const intervalMs = Math.max(heartbeatMs, shortestIntervalMs)
  if (silentMs >= 3 * intervalMs) return 'OFFLINE'
  return silentMs >= 2 * intervalMs ? 'STALE' : present
}
