// Follows the head of the ring for everybody who has caught up; it never keeps output of its own.
import { LIMITS } from '@sindri/schema/contract/limits'
import type { TerminalFrame } from './frames.ts'
import type { Outlet } from './outlet.ts'
import type { Ring, RingCursor, RingItem } from './ring.ts'

export interface Live {
  /** What has gone out to everybody. Without followers that is whatever there is. */
  readonly cursor: RingCursor
  /** Everything may go out but the newest `restBytes`. */
  release(restBytes: number): void
  /** Sends of that what there is room for. */
  pump(): void
}

export interface LiveOptions {
  ring: Ring
  outlet: Outlet
  hasFollowers: () => boolean
  onSent: (offset: number) => void
}

export const toFrame = (item: RingItem, replay: boolean): TerminalFrame =>
  item.kind === 'output'
    ? { kind: 'output', offset: item.offset, data: item.data, replay }
    : { kind: 'resized', offset: item.offset, ...item.size, replay }

export const isBehind = (cursor: RingCursor, other: RingCursor): boolean =>
  cursor.offset < other.offset || cursor.resizes < other.resizes

export function createLive({ ring, outlet, hasFollowers, onSent }: LiveOptions): Live {
  let cursor = ring.end()
  let released = cursor

  /** Nobody can follow, or the link is slower than the ring turns: viewers see the hole and attach again. */
  function skip(): void {
    if (!outlet.isUp || !hasFollowers() || cursor.offset < ring.start) cursor = ring.end()
  }

  return {
    get cursor() {
      skip()
      return cursor
    },
    release(restBytes) {
      const end = ring.end()
      released = { ...end, offset: end.offset - restBytes }
    },
    pump() {
      skip()
      while (isBehind(cursor, released) && outlet.hasRoom(null)) {
        const { items, next } = ring.read(cursor, Math.min(LIMITS.terminalChunkBytes, released.offset - cursor.offset))
        cursor = next
        outlet.send(
          null,
          items.map((item) => toFrame(item, false)),
        )
        onSent(next.offset)
      }
    },
  }
}
