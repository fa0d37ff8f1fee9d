// One output of a command: read to its end, handed on in pieces with their offsets, as much of it as is kept.
import { LIMITS } from '@sindri/schema/contract/limits'
import type { Readable } from 'node:stream'
import type { Clock, Undo } from '../platform/clock.ts'

export interface OutputSink {
  /** False: there is no room for it. What is kept is a beginning, so nothing behind it is asked for either. */
  keep(offset: number, data: Buffer): boolean
  /** Resolves when what was kept is written, as far as it can be. Until then nothing more is read. */
  written(): Promise<void>
}

export interface Output {
  /** All is handed on. */
  readonly ended: Promise<void>
  /** Of these the first `kept` were handed on. */
  counts(): { bytes: number; kept: number }
  /** What comes from here on is nobody's. */
  stop(): void
}

/** A line is seen soon, and many lines make one record. */
const coalesceMs = 100
/** Read ahead of the disk. */
const aheadBytes = 8 * LIMITS.commandChunkBytes

export function readOutput(pipe: Readable, clock: Clock, sink: OutputSink): Output {
  let pending: Buffer[] = []
  let pendingBytes = 0
  let bytes = 0
  let kept = 0
  let isFull = false
  let aheadOf = 0
  let undo: Undo | null = null

  /** Whole chunks, with `all` what is left too. */
  function give(all: boolean): void {
    while (pendingBytes >= (all ? 1 : LIMITS.commandChunkBytes)) {
      const whole = Buffer.concat(pending)
      const chunk = whole.subarray(0, LIMITS.commandChunkBytes)
      isFull = !sink.keep(kept, chunk)
      if (!isFull) kept += chunk.length
      pending = isFull ? [] : [whole.subarray(chunk.length)]
      pendingBytes = isFull ? 0 : whole.length - chunk.length
    }
    if (pendingBytes > 0) return
    undo?.()
    undo = null
  }

  function take(chunk: Buffer): void {
    bytes += chunk.length
    const room = isFull ? 0 : LIMITS.commandOutputBytes - kept - pendingBytes
    if (room <= 0) return
    const part = chunk.subarray(0, room)
    pending.push(part)
    pendingBytes += part.length
    aheadOf += part.length
    give(false)
    if (pendingBytes > 0)
      undo ??= clock.after(coalesceMs, () => {
        undo = null
        give(true)
      })
  }

  async function read(): Promise<void> {
    try {
      for await (const chunk of pipe as AsyncIterable<Buffer>) {
        take(chunk)
        if (aheadOf < aheadBytes) continue
        aheadOf = 0
        await sink.written()
      }
    } catch {
      // It was stopped, or broke: either way nothing more comes.
    } finally {
      give(true)
    }
  }

  return { ended: read(), counts: () => ({ bytes, kept }), stop: () => void pipe.destroy() }
}
