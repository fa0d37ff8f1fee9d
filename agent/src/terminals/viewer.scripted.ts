// A viewer that follows the rule of the page: it writes only what comes next, and attaches again over a hole.
import type { ClosedFrame, LostFrame, TerminalFrame } from './frames.ts'

export interface ScriptedViewer {
  readonly id: string
  /** Offset of the next byte it wants. */
  readonly expected: number
  /** What it shows since the last loss. */
  readonly screen: Buffer
  readonly losses: LostFrame[]
  readonly closed: ClosedFrame | null
  readonly joined: boolean
  readonly size: { cols: number; rows: number } | null
  readonly inputAcked: number
  readonly governor: string | null
  /** It has seen that something is missing. */
  readonly isBehind: boolean
  /** `live`: it went to everybody. */
  receive(frame: TerminalFrame, live: boolean): void
  /** It asks again, from `expected`. */
  attached(): void
}

export function createScriptedViewer(id: string, from: number | null = null): ScriptedViewer {
  let expected = from ?? 0
  let screen: Buffer[] = []
  let joined = false
  let isBehind = false
  let closed: ClosedFrame | null = null
  let size: { cols: number; rows: number } | null = null
  let inputAcked = 0
  let governor: string | null = null
  const losses: LostFrame[] = []

  return {
    id,
    get expected() {
      return expected
    },
    get screen() {
      screen = [Buffer.concat(screen)]
      return screen[0]!
    },
    losses,
    get closed() {
      return closed !== null && closed.finalOffset === expected ? closed : null
    },
    get joined() {
      return joined
    },
    get size() {
      return size
    },
    get inputAcked() {
      return inputAcked
    },
    get governor() {
      return governor
    },
    get isBehind() {
      return isBehind
    },
    attached() {
      joined = false
      isBehind = false
    },
    receive(frame, live) {
      // Before the two have met, the console keeps the live output back; the replay brings it.
      if (live && !joined && (frame.kind === 'output' || frame.kind === 'resized')) return
      switch (frame.kind) {
        case 'output': {
          if (frame.offset > expected) {
            isBehind = true
            return
          }
          const fresh = frame.data.subarray(expected - frame.offset)
          if (frame.offset + frame.data.length <= expected) return
          screen.push(Buffer.from(fresh))
          expected += fresh.length
          return
        }
        case 'resized':
          // A replay begins: the console keeps the live output back until the two meet again.
          if (frame.replay) joined = false
          if (frame.offset === expected) size = { cols: frame.cols, rows: frame.rows }
          return
        case 'lost':
          // A loss that is not at the own place belongs to a replay that was asked for earlier.
          if (frame.to < expected) return
          losses.push(frame)
          screen = []
          expected = frame.to
          return
        case 'joined':
          joined = true
          if (frame.offset > expected) isBehind = true
          size = { cols: frame.cols, rows: frame.rows }
          return
        case 'beacon':
          if (joined && frame.outputHead > expected) isBehind = true
          // A resize that was lost is made good here.
          if (joined && frame.outputHead === expected) size = { cols: frame.cols, rows: frame.rows }
          inputAcked = Math.max(inputAcked, frame.inputAcks.find((ack) => ack.writer === id)?.offset ?? 0)
          governor = frame.governor
          return
        case 'closed':
          closed = frame
      }
    },
  }
}
