// What a time chart is given: lines over one span of time, where they break, and what happened meanwhile.
import type { Measure } from './axis.ts'
import type { Token } from './tokens.ts'

export interface ChartLine {
  name: string
  token: Token
  dashed?: boolean
  /** Filled at 10 %: only the leading line. */
  area?: boolean
  /** Drawn downwards. */
  mirrored?: boolean
  /** In time's order; null where a sample lacked it. */
  points: readonly { at: number; value: number | null }[]
  /** A value as the user reads it. */
  text(value: number): string
}

export interface ChartGap {
  from: number
  to: number
}

export interface ChartMark {
  id: string
  at: number
  text: string
}

export interface Chart {
  name: string
  measure: Measure
  /** Upper end of the axis. */
  top: number
  lines: readonly ChartLine[]
  gaps: readonly ChartGap[]
  marks: readonly ChartMark[]
  from: number
  to: number
  /** The last points are of now. */
  live: boolean
}

/** A line cut at the gaps: null in between, so that nothing is drawn where nothing was measured. */
export const cutAtGaps = (
  points: ChartLine['points'],
  gaps: readonly ChartGap[],
): { at: number; value: number | null }[] => {
  const cut: { at: number; value: number | null }[] = []
  let gap = 0
  for (const point of points) {
    while (gap < gaps.length && gaps[gap]!.to <= point.at) {
      if (cut.length > 0) cut.push({ at: gaps[gap]!.from + 1, value: null })
      gap++
    }
    cut.push(point)
  }
  return cut
}

export interface LineSummary {
  name: string
  last: string
  least: string
  most: string
}

/** Last, least and most of a line in words; undefined where it has no value. */
export const summarize = (line: ChartLine): LineSummary | undefined => {
  const values = line.points.flatMap(({ value }) => (value === null ? [] : [value]))
  const last = values.at(-1)
  if (last === undefined) return undefined
  // Not Math.min(...values): thousands of points would be thousands of arguments.
  const [least, most] = values.reduce(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [last, last],
  )
  return { name: line.name, last: line.text(last), least: line.text(least), most: line.text(most) }
}

export interface TableRow {
  at: number
  cells: (string | null)[]
}

/** The same as the chart, as rows: newest first. */
export const toTable = (lines: readonly ChartLine[]): TableRow[] => {
  const rows = new Map<number, TableRow>()
  for (const [index, line] of lines.entries()) {
    for (const { at, value } of line.points) {
      const row = rows.get(at) ?? { at, cells: lines.map(() => null) }
      row.cells[index] = value === null ? null : line.text(value)
      rows.set(at, row)
    }
  }
  return [...rows.values()].sort((a, b) => b.at - a.at)
}
