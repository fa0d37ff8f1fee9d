// What a time chart is given: lines over one span of time, where they break, and what happened meanwhile.
import { t } from '../words/words.ts'
import type { Measure } from './axis.ts'
import type { Token } from './tokens.ts'

export interface ChartPoint {
  at: number
  /** null where a sample lacked it. */
  value: number | null
  /** Bounds of the samples it stands for, where those are known. */
  least?: number
  most?: number
}

export interface ChartLine {
  name: string
  token: Token
  dashed?: boolean
  /** Filled at 10 %: only the leading line. */
  area?: boolean
  /** Drawn downwards. */
  mirrored?: boolean
  /** In time's order. */
  points: readonly ChartPoint[]
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
  /** Unique on its page, whatever the language. */
  id: string
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
export const cutAtGaps = (points: readonly ChartPoint[], gaps: readonly ChartGap[]): ChartPoint[] => {
  const cut: ChartPoint[] = []
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

/** A value in words, with its bounds where they differ; null where there is none. */
export const pointWords = (line: ChartLine, { value, least, most }: ChartPoint): string | null => {
  if (value === null) return null
  const mean = line.text(value)
  if (least === undefined || most === undefined) return mean
  const [low, high] = [line.text(least), line.text(most)]
  return low === high ? mean : t('chart.spread', { mean, least: low, most: high })
}

export const hasSpread = (lines: readonly ChartLine[]): boolean =>
  lines.some(({ points }) => points.some(({ least, most }) => least !== most))

export interface LineSummary {
  name: string
  last: string
  least: string
  most: string
}

/** Last, least and most of a line in words; undefined where it has no value. */
export const summarize = (line: ChartLine): LineSummary | undefined => {
  const last = line.points.findLast(({ value }) => value !== null)?.value ?? null
  if (last === null) return undefined
  // Not Math.min(...values): thousands of points would be thousands of arguments.
  const [least, most] = line.points.reduce(
    ([low, high], { value, least = value, most = value }) =>
      least === null || most === null ? [low, high] : [Math.min(low, least), Math.max(high, most)],
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
    for (const point of line.points) {
      const row = rows.get(point.at) ?? { at: point.at, cells: lines.map(() => null) }
      row.cells[index] = pointWords(line, point)
      rows.set(point.at, row)
    }
  }
  return [...rows.values()].sort((a, b) => b.at - a.at)
}
