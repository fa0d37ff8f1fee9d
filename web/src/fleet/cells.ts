// Where each square of a group lies, and how the keys move among them.

export interface Cells {
  count: number
  columns: number
  /** Edge of a square, and from one to the next, in pixels. */
  side: number
  pitch: number
  width: number
  height: number
}

/** Beyond these many squares they get smaller, so that the whole stays within a screen or two. */
const SIDES: readonly { upTo: number; side: number; gap: number }[] = [
  { upTo: 500, side: 24, gap: 3 },
  { upTo: 2_000, side: 12, gap: 2 },
  { upTo: 5_000, side: 8, gap: 1 },
  { upTo: Number.POSITIVE_INFINITY, side: 6, gap: 1 },
]
const NARROW_SIDE = 19

/** All groups of a map have squares of one size, by how many there are in all. */
export const sizeOf = (all: number, narrow: boolean): { side: number; gap: number } => {
  const { side, gap } = SIDES.find(({ upTo }) => all <= upTo) ?? { side: 6, gap: 1 }
  return { side: narrow ? Math.min(side, NARROW_SIDE) : side, gap }
}

export const layCells = (count: number, room: number, { side, gap }: { side: number; gap: number }): Cells => {
  const pitch = side + gap
  const columns = Math.max(1, Math.floor((room + gap) / pitch))
  const rows = Math.ceil(count / columns)
  return { count, columns, side, pitch, width: columns * pitch - gap, height: Math.max(0, rows * pitch - gap) }
}

export const placeOf = ({ columns, pitch }: Cells, at: number): { x: number; y: number } => ({
  x: (at % columns) * pitch,
  y: Math.floor(at / columns) * pitch,
})

/** The square under a point, its share of the gap included; undefined where none is. */
export const cellAt = ({ count, columns, pitch }: Cells, x: number, y: number): number | undefined => {
  const column = Math.floor(x / pitch)
  const at = Math.floor(y / pitch) * columns + column
  return column >= 0 && column < columns && at >= 0 && at < count ? at : undefined
}

/** Where a key leads from a square; undefined for keys that move nothing. At an edge it stays. */
export const moveBy = (cells: Cells, at: number, key: string): number | undefined => {
  const steps: Record<string, number> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -cells.columns,
    ArrowDown: cells.columns,
    Home: -at,
    End: cells.count - 1 - at,
  }
  const step = steps[key]
  if (step === undefined) return undefined
  const next = at + step
  return next >= 0 && next < cells.count ? next : at
}
