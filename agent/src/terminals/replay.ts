// Brings one attachment from its offset to where everybody is, at the pace of its own acknowledgements.
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
}

export function openReplay(options: ReplayOptions): Replay {
  const { attachmentId, history, live, outlet, onSent, onLost, onJoined } = options
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
      if (joined || !outlet.isUp) return
      if (!cursor) outlet.send(attachmentId, begin(acked))
      while (cursor && isBehind(cursor, live.cursor) && outlet.hasRoom(attachmentId)) {
        const creditBytes = acked + LIMITS.terminalWindowBytes - cursor.offset
        // Checked before the loss: one that has gone away costs one window, not the whole flood again and again.
        if (creditBytes <= 0) return
        const frames = cursor.offset < history.start ? begin(cursor.offset) : []
        const { items, next } = history.read(cursor, Math.min(creditBytes, LIMITS.terminalChunkBytes))
        cursor = next
        outlet.send(attachmentId, [...frames, ...items.map((item) => toFrame(item, true))])
        onSent(next.offset)
      }
      if (!cursor || isBehind(cursor, live.cursor)) return
      joined = true
      outlet.send(attachmentId, [{ kind: 'joined', offset: cursor.offset, ...history.size }])
      onJoined(lost)
    },
  }
}
