// Decides when output goes out: an echo at once and whole, a flood in full messages or every 5 ms.
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

/** The kernel hands a PTY's output out in pieces up to this size: a full one is not the end of what was written. */
export const fullReadBytes = 4095

/** `release`: everything may go out but the newest `restBytes`, which wait for what fills their message. */
export function createCoalescer({ clock, release }: { clock: Clock; release: (restBytes: number) => void }): Coalescer {
  let waitingBytes = 0
  let sentMs = -Infinity
  let echoDue = false
  let undoTimer: Undo | null = null

  function send(restBytes: number): void {
    undoTimer?.()
    undoTimer = restBytes > 0 ? clock.after(batchMs, flush) : null
    waitingBytes = restBytes
    echoDue = false
    sentMs = clock.monotonicMs()
    release(restBytes)
  }

  function flush(): void {
    if (waitingBytes > 0) send(0)
  }

  return {
    push(byteCount) {
      waitingBytes += byteCount
      const sinceSentMs = clock.monotonicMs() - sentMs
      const more = byteCount >= fullReadBytes
      if (!more && (echoDue || sinceSentMs >= batchMs)) return flush()
      if (waitingBytes >= LIMITS.terminalChunkBytes) return send(waitingBytes % LIMITS.terminalChunkBytes)
      undoTimer ??= clock.after(more ? batchMs : batchMs - sinceSentMs, flush)
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
