// Brings one attachment from its offset to where everybody is, at its own pace, and again whenever it falls behind.
import { LIMITS } from '@sindri/schema/contract/limits'
import type { TerminalFrame } from './frames.ts'
import type { History } from './history.ts'
import { isBehind, toFrame, type Live } from './live.ts'
import type { Outlet } from './outlet.ts'
import type { RingCursor } from './ring.ts'

export interface Replay {
  /** It has caught up, and follows the live output from there on. */
  readonly joined: boolean
  /** What the attachment says it has. */
  readonly acked: number
  ack(offset: number): void
  pump(): void
}

export interface ReplayOptions {
  attachmentId: string
  /** Null: everything that is still there. */
  from: number | null
  history: History
  live: Live
  outlet: Outlet
  onSent: (offset: number) => void
  /** Output before `offset` cannot be had; the screen that follows needs a nudge once it has joined. */
  onLost: (offset: number) => void
  onJoined: (lost: boolean) => void
  /** Output before this counts as shown to somebody: queries in it were answered, or never will be. */
  shownTo: () => number
}

/** More than the widest window. One who does not acknowledge must not cost more than this, on no machine of the way. */
const followBytes = 1280 * 1024

export function openReplay(options: ReplayOptions): Replay {
  const { attachmentId, history, live, outlet, onSent, onLost, onJoined, shownTo } = options
  let joined = false
  let lost = false
  /** Null until there is a link to begin over. */
  let cursor: RingCursor | null = null
  let acked = options.from ?? 0

  function begin(from: number): TerminalFrame[] {
    const has = from >= history.start && from <= history.head
    const offset = has ? from : history.safeStart()
    const opened = history.at(offset)
    cursor = opened.cursor
    acked = offset
    const resized: TerminalFrame = { kind: 'resized', offset, ...opened.size, replay: true }
    if (has) return [resized]
    lost = true
    onLost(offset)
    return [{ kind: 'lost', from, to: offset }, resized]
  }

  /** What has gone out to everybody stays sent: it goes on from there, once it has acknowledged most of that. */
  function leave(): void {
    cursor = live.cursor
    joined = false
    outlet.send(attachmentId, [{ kind: 'resized', offset: cursor.offset, ...history.size, replay: true }])
  }

  return {
    get joined() {
      return joined
    },
    get acked() {
      return acked
    },
    ack(offset) {
      if (offset > acked && offset <= history.head) acked = offset
    },
    pump() {
      if (!outlet.isUp) return
      if (joined && live.cursor.offset - acked > followBytes) leave()
      if (joined) return
      if (!cursor) outlet.send(attachmentId, begin(acked))
      while (cursor && isBehind(cursor, live.cursor) && outlet.hasRoom(attachmentId)) {
        const creditBytes = acked + LIMITS.terminalWindowBytes - cursor.offset
        // Checked before the loss: one that has gone away costs one window, not the whole flood again and again.
        if (creditBytes <= 0) return
        const frames = cursor.offset < history.start ? begin(cursor.offset) : []
        const shownBytes = shownTo() - cursor.offset
        const isReplay = shownBytes > 0
        const most = isReplay ? Math.min(creditBytes, shownBytes) : creditBytes
        const { items, next } = history.read(cursor, Math.min(most, LIMITS.terminalChunkBytes))
        cursor = next
        outlet.send(attachmentId, [...frames, ...items.map((item) => toFrame(item, isReplay))])
        onSent(next.offset)
      }
      if (!cursor || isBehind(cursor, live.cursor)) return
      if (cursor.offset - acked > LIMITS.terminalWindowBytes) return
      joined = true
      outlet.send(attachmentId, [{ kind: 'joined', offset: cursor.offset, ...history.size }])
      onJoined(lost)
      lost = false
    },
  }
}
