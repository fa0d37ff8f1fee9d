// Decides when output goes out: an echo at once and whole, a flood in full messages or every 5 ms, more rarely while the console is behind.
import { LIMITS } from '@sindri/schema/contract/limits'
import type { Clock, Undo } from '../platform/clock.ts'

export interface Coalescer {
  /** Output has arrived; the bytes themselves wait in the ring. */
  push(byteCount: number): void
  /** Input went in: what comes next is its echo and waits for nothing. */
  expectEcho(): void
  stop(): void
}

const batchMs = 5
/** While what was sent before is not answered: many terminals that write at once would make more small messages than the console can take. */
const busyBatchMs = 20

/** The kernel hands a PTY's output out in pieces up to this size: a full one is not the end of what was written. */
export const fullReadBytes = 4095

export interface CoalescerOptions {
  clock: Clock
  /** Everything may go out but the newest `restBytes`, which wait for what fills their message. */
  release: (restBytes: number) => void
  /** Whether something is under way to the console. */
  isBusy: () => boolean
}

export function createCoalescer({ clock, release, isBusy }: CoalescerOptions): Coalescer {
  let waitingBytes = 0
  let sentMs = -Infinity
  let echoDue = false
  let undoTimer: Undo | null = null

  function send(restBytes: number): void {
    undoTimer?.()
    undoTimer = restBytes > 0 ? clock.after(batchMs, look) : null
    waitingBytes = restBytes
    echoDue = false
    sentMs = clock.monotonicMs()
    release(restBytes)
  }

  function look(): void {
    undoTimer = null
    if (waitingBytes === 0) return
    if (isBusy() && clock.monotonicMs() - sentMs < busyBatchMs) undoTimer = clock.after(batchMs, look)
    else send(0)
  }

  return {
    push(byteCount) {
      waitingBytes += byteCount
      const more = byteCount >= fullReadBytes
      if (!more && (echoDue || (clock.monotonicMs() - sentMs >= batchMs && !isBusy()))) return send(0)
      if (waitingBytes >= LIMITS.terminalChunkBytes) return send(waitingBytes % LIMITS.terminalChunkBytes)
      undoTimer ??= clock.after(more ? batchMs : Math.max(0, batchMs - (clock.monotonicMs() - sentMs)), look)
    },
    expectEcho() {
      echoDue = true
    },
    stop() {
      undoTimer?.()
      undoTimer = null
    },
  }
}
