// Decides when output goes out: an echo at once and whole, a flood in batches of at most 32 KiB or 5 ms.
import { LIMITS } from '@sindri/schema/contract/limits'
import type { Clock, Undo } from '../platform/clock.ts'

export interface Coalescer {
  /** Output has arrived; the bytes themselves wait in the ring. */
  push(byteCount: number): void
  /** Input went in: what comes next is its echo and waits for nothing. */
  expectEcho(): void
  /** Sends what waits, now. */
  flush(): void
  stop(): void
}

const batchMs = 5

/** The kernel hands a PTY's output out in pieces up to this size: a full one is not the end of what was written. */
export const fullReadBytes = 4095

export function createCoalescer({ clock, flush: send }: { clock: Clock; flush: () => void }): Coalescer {
  let waitingBytes = 0
  let sentMs = -Infinity
  let echoDue = false
  let undoTimer: Undo | null = null

  function flush(): void {
    undoTimer?.()
    undoTimer = null
    if (waitingBytes === 0) return
    waitingBytes = 0
    echoDue = false
    sentMs = clock.monotonicMs()
    send()
  }

  return {
    push(byteCount) {
      waitingBytes += byteCount
      const sinceSentMs = clock.monotonicMs() - sentMs
      const more = byteCount >= fullReadBytes
      if (waitingBytes >= LIMITS.terminalChunkBytes) return flush()
      if (!more && (echoDue || sinceSentMs >= batchMs)) return flush()
      undoTimer ??= clock.after(more ? batchMs : batchMs - sinceSentMs, flush)
    },
    expectEcho() {
      echoDue = true
    },
    flush,
    stop() {
      undoTimer?.()
      undoTimer = null
    },
  }
}
