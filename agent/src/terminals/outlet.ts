// The way out to the console: bounded in what is under way, silent while the link is away, and it keeps nothing.
import type { Publish, TerminalFrame } from './frames.ts'

export interface Outlet {
  readonly isUp: boolean
  /** Whether more output may go to this address: everybody (null) or one attachment. */
  hasRoom(attachmentId: string | null): boolean
  /** Whether output is under way to it. */
  isBusy(attachmentId: string | null): boolean
  /** Does nothing while the link is away: the ring has what was not sent. */
  send(attachmentId: string | null, frames: TerminalFrame[]): void
  up(): void
  /** What was under way is lost with the link. */
  down(): void
}

export interface OutletOptions {
  publish: Publish
  isUp: boolean
  /** Output under way to one address at most. */
  inFlightBytes: number
  /** There is room again. */
  onRoom: () => void
}

const outputBytes = (frames: TerminalFrame[]): number =>
  frames.reduce((sum, frame) => sum + (frame.kind === 'output' ? frame.data.length : 0), 0)

export function createOutlet({ publish, isUp, inFlightBytes, onRoom }: OutletOptions): Outlet {
  /** Replaced when the link is lost, so that late answers of the old link count for nothing. */
  let underWay = new Map<string | null, number>()

  return {
    get isUp() {
      return isUp
    },
    hasRoom: (attachmentId) => isUp && (underWay.get(attachmentId) ?? 0) < inFlightBytes,
    isBusy: (attachmentId) => (underWay.get(attachmentId) ?? 0) > 0,
    send(attachmentId, frames) {
      if (!isUp || frames.length === 0) return
      const bytes = outputBytes(frames)
      const thisLink = underWay
      thisLink.set(attachmentId, (thisLink.get(attachmentId) ?? 0) + bytes)
      const settled = (): void => {
        const left = (thisLink.get(attachmentId) ?? 0) - bytes
        if (left > 0) thisLink.set(attachmentId, left)
        else thisLink.delete(attachmentId)
        if (thisLink === underWay && bytes > 0) onRoom()
      }
      // A rejection means lost frames, and those are asked for again by offset.
      publish(attachmentId, frames).then(settled, settled)
    },
    up() {
      isUp = true
    },
    down() {
      isUp = false
      underWay = new Map()
    },
  }
}
