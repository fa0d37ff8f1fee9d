// One attachment's view: its own replay first, then the live output from the offset at which the two meet.
import type { ClosedFrame, TerminalFrame } from '@sindri/schema'
import { bytesOf } from './check.ts'

/** Live output that arrives before the replay has caught up; more than this is dropped, and the replay brings it. */
const holdBytes = 512 * 1024

export interface Merge {
  live(frames: readonly TerminalFrame[]): TerminalFrame[]
  replay(frames: readonly TerminalFrame[]): TerminalFrame[]
  /** The terminal has ended; the frame comes out behind its last byte. */
  closed(frame: ClosedFrame): TerminalFrame[]
  /** Nothing came for too long after the end: what is missing will not come any more. */
  giveUp(): TerminalFrame[]
  /** What was interrupted begins anew: asks for a replay from where it stands. */
  restart(): number | null
  readonly ended: boolean
}

export const createMerge = (from: number | null): Merge => {
  let joined = false
  /** Behind the last byte passed on; null until the first one, when everything was asked for. */
  let next = from
  let held: TerminalFrame[] = []
  let heldBytes = 0
  let end: ClosedFrame | null = null
  let ended = false

  const pass = (frame: TerminalFrame): TerminalFrame[] => {
    if (frame.kind === 'output') next = Math.max(next ?? 0, frame.offset + bytesOf(frame.data))
    if (frame.kind === 'lost') next = Math.max(next ?? 0, frame.to)
    return [frame]
  }

  const hold = (frame: TerminalFrame): void => {
    held.push(frame)
    if (frame.kind === 'output') heldBytes += bytesOf(frame.data)
    while (heldBytes > holdBytes) {
      const dropped = held.shift()
      if (dropped?.kind === 'output') heldBytes -= bytesOf(dropped.data)
    }
  }

  /** A replay that ended where the output ended has nothing to follow. */
  const finish = (): TerminalFrame[] => {
    if (!end || ended || (end.finalOffset !== null && (next ?? 0) < end.finalOffset)) return []
    ended = true
    return [end]
  }

  const endOf = (frame: TerminalFrame): number =>
    frame.kind === 'output' ? frame.offset + bytesOf(frame.data) : 'offset' in frame ? frame.offset + 1 : 0

  return {
    live(frames) {
      const passed = frames.flatMap((frame) => {
        if (joined || frame.kind === 'beacon') return pass(frame)
        hold(frame)
        return []
      })
      return [...passed, ...finish()]
    },
    replay(frames) {
      const passed = frames.flatMap((frame) => {
        if (frame.kind !== 'joined') return pass(frame)
        joined = true
        const met = held.filter((later) => endOf(later) > frame.offset)
        held = []
        heldBytes = 0
        next = Math.max(next ?? 0, frame.offset)
        return [frame, ...met.flatMap(pass)]
      })
      return [...passed, ...finish()]
    },
    closed(frame) {
      end = frame
      return finish()
    },
    giveUp() {
      if (!end || ended) return []
      ended = true
      return [end]
    },
    restart() {
      joined = false
      held = []
      heldBytes = 0
      return next
    },
    get ended() {
      return ended
    },
  }
}
