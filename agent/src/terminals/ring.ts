// Keeps the newest output of a terminal, with its resizes in their place, in memory that never exceeds its bound.
import type { Size } from './size.ts'

/** What a reader has taken: bytes and resizes, both counted from 0 at spawn. */
export interface RingCursor {
  offset: number
  resizes: number
}

export type RingItem =
  | { kind: 'output'; offset: number; data: Buffer }
  | { kind: 'resized'; offset: number; size: Size }

export interface Ring {
  /** Offset of the oldest byte that is still here. */
  readonly start: number
  /** Offset of the next byte to come. */
  readonly head: number
  readonly size: Size
  append(bytes: Buffer): void
  resize(size: Size): void
  /** The cursor of a reader that has everything. */
  end(): RingCursor
  /** Opens a reader at an offset that is still here, and the size the terminal had there. */
  at(offset: number): { cursor: RingCursor; size: Size }
  /** The next items, few enough for a message, with at most `maxBytes` of output. The data is copied: the ring may turn over it at any time. */
  read(from: RingCursor, maxBytes: number): { items: RingItem[]; next: RingCursor }
}

export interface RingOptions {
  ringBytes: number
  size: Size
  /** Sees each byte once, in order, as it leaves; the view is valid only during the call. */
  onEvict?: (bytes: Buffer) => void
}

/** Resizes kept at most: beyond, the oldest bytes go so that the bound holds for those who resize without end. */
export const maxResizes = 1024

/** Read at once at most: a message has no room for more around its output. */
export const maxItems = 64

interface Resize {
  /** How many resizes there were up to and including this one. */
  count: number
  offset: number
  size: Size
}

export function createRing({ ringBytes, size: firstSize, onEvict }: RingOptions): Ring {
  // Untouched pages of it cost nothing: a quiet terminal does not hold its 2 MiB.
  const memory = Buffer.allocUnsafeSlow(ringBytes)
  let start = 0
  let head = 0
  let resizeCount = 0
  let sizeAtStart = firstSize
  let resizes: Resize[] = []

  function views(from: number, to: number): Buffer[] {
    const first = from % ringBytes
    const length = to - from
    if (length === 0) return []
    if (first + length <= ringBytes) return [memory.subarray(first, first + length)]
    return [memory.subarray(first), memory.subarray(0, first + length - ringBytes)]
  }

  function evictTo(offset: number): void {
    const stored = Math.min(offset, head)
    if (onEvict) for (const view of views(start, stored)) onEvict(view)
    start = stored
    // A resize exactly at the start stays: a reader standing there may not have taken it yet.
    const kept = resizes.findIndex((resize) => resize.offset >= start)
    const gone = kept === -1 ? resizes.length : kept
    if (gone === 0) return
    sizeAtStart = resizes[gone - 1]?.size ?? sizeAtStart
    resizes = resizes.slice(gone)
  }

  return {
    get start() {
      return start
    },
    get head() {
      return head
    },
    get size() {
      return resizes.at(-1)?.size ?? sizeAtStart
    },

    append(bytes) {
      const overflow = head + bytes.length - start - ringBytes
      if (overflow > 0) evictTo(start + overflow)
      const skipped = Math.max(0, bytes.length - ringBytes)
      if (skipped > 0) {
        onEvict?.(bytes.subarray(0, skipped))
        start = head + skipped
        sizeAtStart = resizes.at(-1)?.size ?? sizeAtStart
        resizes = []
      }
      const kept = bytes.subarray(skipped)
      const first = (head + skipped) % ringBytes
      const untilWrap = kept.copy(memory, first, 0, Math.min(kept.length, ringBytes - first))
      kept.copy(memory, 0, untilWrap)
      head += bytes.length
    },

    resize(size) {
      // Of several resizes between two bytes only the last can be seen.
      if (resizes.at(-1)?.offset === head) resizes.pop()
      resizes.push({ count: ++resizeCount, offset: head, size })
      const oldest = resizes[0]
      if (resizes.length > maxResizes && oldest) evictTo(oldest.offset + 1)
    },

    end: () => ({ offset: head, resizes: resizeCount }),

    at(offset) {
      if (offset < start || offset > head) throw new RangeError(`ring: expected ${start} to ${head}, got ${offset}`)
      const before = resizes.filter((resize) => resize.offset <= offset).at(-1)
      const oldest = resizes[0]
      const takenBeforeOldest = oldest ? oldest.count - 1 : resizeCount
      return { cursor: { offset, resizes: before?.count ?? takenBeforeOldest }, size: before?.size ?? sizeAtStart }
    },

    read(from, maxBytes) {
      if (from.offset < start || from.offset > head) {
        throw new RangeError(`ring: expected ${start} to ${head}, got ${from.offset}`)
      }
      const to = Math.min(head, from.offset + maxBytes)
      const items: RingItem[] = []
      let { offset, resizes: taken } = from
      const takeOutput = (until: number): void => {
        if (until > offset) items.push({ kind: 'output', offset, data: Buffer.concat(views(offset, until)) })
        offset = until
      }
      for (const resize of resizes) {
        if (resize.count <= from.resizes) continue
        if (resize.offset > to) break
        if (items.length >= maxItems) return { items, next: { offset, resizes: taken } }
        takeOutput(resize.offset)
        items.push({ kind: 'resized', offset, size: resize.size })
        taken = resize.count
      }
      takeOutput(to)
      return { items, next: { offset, resizes: taken } }
    },
  }
}
