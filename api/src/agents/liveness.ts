// The rule of liveness: silent for two heartbeat intervals is STALE, for three OFFLINE, with no interval counted shorter than 10 s.
import { LIMITS } from '@sindri/schema/contract/limits'
import type { Liveness } from '@sindri/schema/contract/status'

/** OFFLINE never comes before the floor, and STALE always before OFFLINE. */
const shortestIntervalMs = LIMITS.offlineFloorMs / 3

/** Nobody is judged who was heard more recently than this. */
export const patienceMs = 2 * shortestIntervalMs

/** A replica that has neither written nor said that it lives for so long holds no link any more. */
export const replicaAliveMs = 20_000

/** What the database says of an agent and of whoever could have heard it; all times are the database's. */
export interface Hearing {
  /** Of the last frame that was written. */
  lastSeenMs: number
  /** The replica whose link it held last: able to hear since when, until when it wrote what it heard, and when it was known to live. */
  holder: { heardSinceMs: number; seenMs: number; aliveMs: number } | null
  /** Since when the replica that judges would have let it in and heard it, had it come there. */
  judgeSinceMs: number
  nowMs: number
}

/** Silence counts only while somebody could have heard a frame, and would have written it. */
export const silenceMs = ({ lastSeenMs, holder, judgeSinceMs, nowMs }: Hearing): number => {
  const isHeld = holder !== null && nowMs - holder.aliveMs < replicaAliveMs
  const untilMs = isHeld ? holder.seenMs : nowMs
  // Where the holder died, the agent first had to notice it; then it was free to come to whoever lives.
  const sinceMs = isHeld ? holder.heardSinceMs : Math.max(judgeSinceMs, holder ? holder.aliveMs + replicaAliveMs : 0)
  return Math.max(0, untilMs - Math.max(lastSeenMs, sinceMs))
}

/** What silence makes of it; it never makes anything better. */
export const livenessAfter = (silentMs: number, heartbeatMs: number, present: Liveness): Liveness => {
  if (present === 'OFFLINE' || present === 'NEVER') return present
  const intervalMs = Math.max(heartbeatMs, shortestIntervalMs)
  if (silentMs >= 3 * intervalMs) return 'OFFLINE'
  return silentMs >= 2 * intervalMs ? 'STALE' : present
}
