// A line without axes, as a path in a box of 100 × 22: broken where nothing was measured.

export interface SparkPoint {
  at: number
  value: number | null
}

export const SPARK = { width: 100, height: 22 } as const
/** Room for the stroke at both ends of the scale. */
const EDGE = 1

/** `gapMs`: two points further apart are not joined. */
export const sparkPath = (
  points: readonly SparkPoint[],
  { from, to, top, gapMs }: { from: number; to: number; top: number; gapMs: number },
): string => {
  const x = (at: number) => round(((at - from) / (to - from)) * SPARK.width)
  const y = (value: number) =>
    round(SPARK.height - EDGE - (Math.min(value, top) / (top || 1)) * (SPARK.height - 2 * EDGE))
  let path = ''
  let before: number | undefined
  for (const { at, value } of points) {
    if (value === null || at < from || at > to) {
      before = undefined
      continue
    }
    const joined = before !== undefined && at - before <= gapMs
    // A point alone would be drawn as nothing; with round ends this is a dot.
    path += joined ? `L${x(at)} ${y(value)}` : `M${x(at)} ${y(value)}h.01`
    before = at
  }
  return path
}

export const sparkBounds = (points: readonly SparkPoint[]): { least: number; most: number } | undefined => {
  let bounds: { least: number; most: number } | undefined
  for (const { value } of points) {
    if (value === null) continue
    bounds = { least: Math.min(bounds?.least ?? value, value), most: Math.max(bounds?.most ?? value, value) }
  }
  return bounds
}

const round = (value: number): number => Math.round(value * 100) / 100
