// Puts what a terminal sends back into the order the program wrote it, byte by byte, and knows when something is missing.

export type Step =
  | { kind: 'write'; bytes: Uint8Array; replay: boolean }
  | { kind: 'resize'; cols: number; rows: number; replay: boolean }
  /** The bytes are gone: reset the screen and say how many. */
  | { kind: 'lost'; bytes: number }
  | { kind: 'joined'; cols: number; rows: number }

export type Piece =
  | { kind: 'output'; offset: number; bytes: Uint8Array; replay: boolean }
  | { kind: 'resized'; offset: number; cols: number; rows: number; replay: boolean }
  | { kind: 'lost'; from: number; to: number }
  | { kind: 'joined'; offset: number; cols: number; rows: number }

export interface OutputOrder {
  /** What can be shown now that this has arrived. */
  take(piece: Piece): Step[]
  /** Behind the last byte shown. A ring that has lost the beginning says so, and only then is it not begun at 0. */
  readonly next: number
  /** Whether frames wait for something that has not come. */
  readonly hole: boolean
  /** A new replay begins: what is held would only repeat it. */
  forget(): void
}

/** Frames ahead of their turn are held up to this; the replay that is asked for brings what was dropped. */
const holdBytes = 1024 * 1024
const holdPieces = 4096

export const createOutputOrder = (): OutputOrder => {
  let next = 0
  let held: Piece[] = []
  let heldBytes = 0
  const sizeOf = (piece: Piece): number => (piece.kind === 'output' ? piece.bytes.length : 0)
  const placeOf = (piece: Piece): number => (piece.kind === 'lost' ? piece.from : piece.offset)

  const show = (piece: Piece): Step[] | 'later' => {
    if (piece.kind === 'lost') {
      if (piece.to <= next) return []
      if (piece.from > next) return 'later'
      const bytes = piece.to - next
      next = piece.to
      return [{ kind: 'lost', bytes }]
    }
    if (piece.offset > next) return 'later'
    if (piece.kind === 'joined') return [{ kind: 'joined', cols: piece.cols, rows: piece.rows }]
    if (piece.kind === 'resized') {
      return piece.offset === next ? [{ kind: 'resize', cols: piece.cols, rows: piece.rows, replay: piece.replay }] : []
    }
    const fresh = piece.bytes.subarray(next - piece.offset)
    if (fresh.length === 0) return []
    next += fresh.length
    return [{ kind: 'write', bytes: fresh, replay: piece.replay }]
  }

  const hold = (piece: Piece): void => {
    if (heldBytes + sizeOf(piece) > holdBytes || held.length >= holdPieces) return
    held.push(piece)
    heldBytes += sizeOf(piece)
  }

  return {
    take(piece) {
      const steps = show(piece)
      if (steps === 'later') {
        hold(piece)
        return []
      }
      if (held.length === 0) return steps
      // What waited may fit now, in the order of offsets and, at one place, of arrival.
      const waiting = held.toSorted((a, b) => placeOf(a) - placeOf(b))
      held = []
      heldBytes = 0
      for (const later of waiting) {
        const more = show(later)
        if (more === 'later') hold(later)
        else steps.push(...more)
      }
      return steps
    },
    get next() {
      return next
    },
    get hole() {
      return held.length > 0
    },
    forget() {
      held = []
      heldBytes = 0
    },
  }
}
