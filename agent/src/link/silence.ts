// Notices that a link is dead: asks a silent peer for a sign of life, and gives it as long again to show one.
import type { Clock, Undo } from '../platform/clock.ts'

export interface Silence {
  /** Any frame will do: a busy peer may answer its pong late. */
  heard(): void
  stop: Undo
}

export interface SilenceOptions {
  clock: Clock
  /** Silence after which the peer is asked; dead after twice as much. */
  pingMs: number
  ping(): void
  dead(): void
}

/** Timers are not more exact than this on a busy machine. */
const lateMs = 1_000

export function watchSilence({ clock, pingMs, ping, dead }: SilenceOptions): Silence {
  let heardMs = clock.monotonicMs()
  let asked = false
  let undo: Undo = () => {}

  function wait(delayMs: number): void {
    const dueMs = clock.monotonicMs() + delayMs
    undo = clock.after(delayMs, () => look(clock.monotonicMs() - dueMs))
  }

  function look(overdueMs: number): void {
    // While this process stood still it could hear nobody: what the peer sent may lie unread in the socket.
    if (overdueMs > lateMs) {
      heardMs = Math.max(heardMs, clock.monotonicMs() - pingMs)
      asked = false
    }
    const silentMs = clock.monotonicMs() - heardMs
    if (silentMs < pingMs) {
      asked = false
      return wait(pingMs - silentMs)
    }
    if (!asked) {
      asked = true
      ping()
      return wait(pingMs)
    }
    if (silentMs < 2 * pingMs) return wait(2 * pingMs - silentMs)
    dead()
  }

  wait(pingMs)
  return {
    heard() {
      heardMs = clock.monotonicMs()
      asked = false
    },
    stop: () => undo(),
  }
}
