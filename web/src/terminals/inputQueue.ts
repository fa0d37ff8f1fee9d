// What was typed and not yet acknowledged: sent again until the program has it, each byte once, and never late by surprise.

export interface InputChunk {
  offset: number
  bytes: Uint8Array
}

export interface InputQueue {
  /** Accepts what was typed. False: too much waits already, and it was not taken. */
  type(bytes: Uint8Array, nowMs: number): boolean
  /** What is to be sent now: fresh bytes, and those whose acknowledgement is overdue. */
  due(nowMs: number): InputChunk[]
  /** The program was given everything before this offset. */
  acknowledge(offset: number): void
  /** All that waits is sent again at the next occasion: the link is new. */
  resendAll(): void
  /** Oldest byte that waits was typed then; null when nothing waits. */
  readonly waitingSinceMs: number | null
  readonly waitingBytes: number
  /** Whether what waits is so old that the user must say whether it is still meant. */
  stale(nowMs: number): boolean
  /** The user says that it is. */
  approve(nowMs: number): void
}

export interface InputLimits {
  chunkBytes: number
  holdBytes: number
  resendMs: number
  /** Nothing older is sent by itself: who typed it may have forgotten, and the program may be another by now. */
  staleMs: number
}

/** Each key was a chunk of its own; sent again one by one, a minute's typing would be a flood of messages. */
const joinChunks = (chunks: readonly InputChunk[], chunkBytes: number): InputChunk[] =>
  chunks.reduce<InputChunk[]>((joined, { offset, bytes }) => {
    const last = joined.at(-1)
    if (last && last.offset + last.bytes.length === offset && last.bytes.length + bytes.length <= chunkBytes) {
      const both = new Uint8Array(last.bytes.length + bytes.length)
      both.set(last.bytes)
      both.set(bytes, last.bytes.length)
      joined[joined.length - 1] = { offset: last.offset, bytes: both }
    } else joined.push({ offset, bytes })
    return joined
  }, [])

interface Waiting extends InputChunk {
  typedMs: number
  /** null: not sent yet, or to be sent again. */
  sentMs: number | null
}

export const createInputQueue = ({ chunkBytes, holdBytes, resendMs, staleMs }: InputLimits): InputQueue => {
  let head = 0
  let waiting: Waiting[] = []
  const size = (): number => waiting.reduce((sum, { bytes }) => sum + bytes.length, 0)

  const stale = (nowMs: number): boolean => waiting[0] !== undefined && nowMs - waiting[0].typedMs >= staleMs

  return {
    type(bytes, nowMs) {
      if (bytes.length === 0) return true
      if (size() + bytes.length > holdBytes) return false
      for (let at = 0; at < bytes.length; at += chunkBytes) {
        const part = bytes.slice(at, at + chunkBytes)
        waiting.push({ offset: head, bytes: part, typedMs: nowMs, sentMs: null })
        head += part.length
      }
      return true
    },
    stale,
    approve(nowMs) {
      for (const chunk of waiting) chunk.typedMs = nowMs
    },
    due(nowMs) {
      if (stale(nowMs)) return []
      const ready = waiting.filter(({ sentMs }) => sentMs === null || nowMs - sentMs >= resendMs)
      for (const chunk of ready) chunk.sentMs = nowMs
      return joinChunks(ready, chunkBytes)
    },
    acknowledge(offset) {
      waiting = waiting.flatMap((chunk) => {
        const end = chunk.offset + chunk.bytes.length
        if (end <= offset) return []
        return chunk.offset >= offset
          ? [chunk]
          : [{ ...chunk, offset, bytes: chunk.bytes.subarray(offset - chunk.offset) }]
      })
    },
    resendAll() {
      for (const chunk of waiting) chunk.sentMs = null
    },
    get waitingSinceMs() {
      return waiting[0]?.typedMs ?? null
    },
    get waitingBytes() {
      return size()
    },
  }
}
