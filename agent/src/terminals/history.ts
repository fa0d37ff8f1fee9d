// The ring of a terminal together with the place in it where a screen may begin.
import { createRing, type Ring } from './ring.ts'
import { findSafeStart, scan, scanStart } from './safeStart.ts'
import type { Size } from './size.ts'

export interface History extends Ring {
  /** Offset of the first line start outside an escape sequence, at or after the start of the ring. */
  safeStart(): number
}

/** Looked through for a safe start: what a full-screen program writes without a line feed is not worth losing more for. */
const lookBytes = 64 * 1024

export function createHistory({ ringBytes, size }: { ringBytes: number; size: Size }): History {
  // Only what has left needs following: the state behind it is the state before the first byte that is here.
  let beforeStart = scanStart
  const ring = createRing({ ringBytes, size, onEvict: (bytes) => void (beforeStart = scan(beforeStart, bytes)) })
  return Object.assign(ring, {
    safeStart() {
      const { items } = ring.read(ring.at(ring.start).cursor, lookBytes)
      const bytes = Buffer.concat(items.flatMap((item) => (item.kind === 'output' ? [item.data] : [])))
      return ring.start + findSafeStart(beforeStart, bytes)
    },
  })
}
