// Says how things stand soon after input, each second after activity and every 10 s: no lost frame stays unnoticed.
import type { Clock, Undo } from '../platform/clock.ts'

export interface Beacon {
  /** Input was taken, or the governor changed: somebody waits for this. */
  soon(): void
  /** Bytes went either way. */
  active(): void
  stop(): void
}

export interface BeaconOptions {
  clock: Clock
  /** False where nobody listens: the beacon rests until something happens. */
  send: () => boolean
}

/** Gathers the acknowledgements of a burst of keys, and is within the 20 ms that a page may count on. */
const soonMs = 10
const activeEveryMs = 1_000
const activeForMs = 5_000
const idleEveryMs = 10_000

export function createBeacon({ clock, send }: BeaconOptions): Beacon {
  let activeMs = -Infinity
  let dueMs = Infinity
  let undo: Undo | null = null

  /** Only ever brings the next beacon nearer: a stream of events cannot push it off. */
  function arm(inMs: number): void {
    const nowMs = clock.monotonicMs()
    if (nowMs + inMs >= dueMs) return
    undo?.()
    dueMs = nowMs + inMs
    undo = clock.after(inMs, fire)
  }

  function fire(): void {
    dueMs = Infinity
    undo = null
    if (send()) arm(clock.monotonicMs() - activeMs < activeForMs ? activeEveryMs : idleEveryMs)
  }

  return {
    soon: () => arm(soonMs),
    active() {
      activeMs = clock.monotonicMs()
      arm(activeEveryMs)
    },
    stop() {
      undo?.()
      undo = null
      dueMs = -Infinity
    },
  }
}
