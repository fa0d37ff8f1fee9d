// One attachment's view: its own replay first, then the live output from the offset at which the two meet.
import type { ClosedFrame, TerminalFrame } from '@sindri/schema'
import { bytesOf } from './check.ts'

/** Live output that arrives before the replay has caught up; more than this is dropped, and the replay brings it. */
const holdBytes = 512 * 1024
/** Pieces behind a hole that are remembered; a viewer with more than this is long past help by waiting. */
const aheadMax = 64

export interface Merge {
  live(frames: readonly TerminalFrame[]): TerminalFrame[]
  replay(frames: readonly TerminalFrame[]): TerminalFrame[]
  /** The terminal has ended; the frame comes out behind its last byte. */
  closed(frame: ClosedFrame): TerminalFrame[]
  /** What is missing will not come any more. */
  giveUp(): TerminalFrame[]
  /** What was interrupted begins anew: asks for a replay from where it stands. */
  restart(): number
  /** Everything before it has been passed on, without a hole. */
  readonly next: number
  readonly ended: boolean
}

export const createMerge = (from: number | null): Merge => {
  let joined = false
  let next = from ?? 0
  /** Passed on beyond a hole, by begin; the viewer keeps it as well. */
  let ahead: { from: number; to: number }[] = []
  let held: TerminalFrame[] = []
  let heldBytes = 0
  let end: ClosedFrame | null = null
  let ended = false

  const reach = (from: number, to: number): void => {
    if (from > next) {
      if (ahead.length < aheadMax) ahead.push({ from, to })
      return
    }
    next = Math.max(next, to)
    const fits = ahead.filter((piece) => piece.from <= next).toSorted((a, b) => a.from - b.from)
    if (fits.length === 0) return
    ahead = ahead.filter((piece) => piece.from > next)
    for (const piece of fits) reach(piece.from, piece.to)
  }

  const pass = (frame: TerminalFrame): TerminalFrame[] => {
    if (frame.kind === 'output') reach(frame.offset, frame.offset + bytesOf(frame.data))
    if (frame.kind === 'lost') reach(frame.from, frame.to)
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
  const forget = (): void => {
    held = []
    heldBytes = 0
  }

  const finish = (): TerminalFrame[] => {
    if (!end || ended || (end.finalOffset !== null && next < end.finalOffset)) return []
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
        // Begun anew by the agent, for a viewer that fell behind: what goes to everybody is too much for it.
        if (frame.kind === 'resized' && frame.replay) joined = false
        if (frame.kind !== 'joined') return pass(frame)
        joined = true
        const met = held.filter((later) => endOf(later) > frame.offset)
        forget()
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
      forget()
      return next
    },
    get next() {
      return next
    },
    get ended() {
      return ended
    },
  }
}
