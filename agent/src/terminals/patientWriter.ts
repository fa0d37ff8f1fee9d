// Writes to a descriptor that does not block, and never waits in it: what it does not take now is tried again later.
import { writeSync } from 'node:fs'
import type { Clock, Undo } from '../platform/clock.ts'

export interface PatientWriter {
  /** `written` is called once the descriptor has taken all of it. */
  write(bytes: Buffer, written: () => void): void
  stop(): void
}

export interface PatientWriterOptions {
  descriptor: number
  /** False once the descriptor has been given back: its number may be another file's. */
  isOpen: () => boolean
  clock: Clock
}

/** First try again soon, for a program that is just reading; then rarely, for one that does not read at all. */
const retryMs = { first: 1, most: 50 }

/**
 * Not the write() of a tty stream: libuv takes the master of a PTY for a blocking descriptor and tries in a closed
 * loop, so that one program that does not read its input would stop the whole agent.
 */
export function createPatientWriter({ descriptor, isOpen, clock }: PatientWriterOptions): PatientWriter {
  const queue: { bytes: Buffer; written: () => void }[] = []
  let waitMs = retryMs.first
  let undoRetry: Undo | null = null
  let stopped = false

  /** Null: it takes nothing now. */
  function put(bytes: Buffer): number | null {
    try {
      return writeSync(descriptor, bytes)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return null
      // Nobody is left to read; the exit of the program says so.
      stop()
      return null
    }
  }

  function drain(): void {
    undoRetry = null
    if (!isOpen()) return stop()
    for (let next = queue[0]; next; next = queue[0]) {
      const count = put(next.bytes)
      if (count === null) {
        if (stopped) return
        undoRetry = clock.after(waitMs, drain)
        waitMs = Math.min(2 * waitMs, retryMs.most)
        return
      }
      waitMs = retryMs.first
      next.bytes = next.bytes.subarray(count)
      if (next.bytes.length > 0) continue
      queue.shift()
      next.written()
    }
  }

  function stop(): void {
    stopped = true
    undoRetry?.()
    queue.length = 0
  }

  return {
    write(bytes, written) {
      if (stopped) return
      queue.push({ bytes, written })
      if (!undoRetry) drain()
    },
    stop,
  }
}
