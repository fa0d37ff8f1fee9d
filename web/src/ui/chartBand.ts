// The band between the smallest and largest sample of each point, drawn below the lines of a chart.
import { type Chart, type ChartLine, cutAtGaps } from './chart.ts'
import type { Token } from './tokens.ts'

/** What of the library's chart is needed to draw into it. */
export interface DrawnChart {
  w: { globals: { gridWidth: number; gridHeight: number; dom: { baseEl: Element } } }
}

interface Plot {
  width: number
  height: number
}

type Bound = { x: number; least: number; most: number }

/** Outlines of the stretches in which points stand for more than one value; empty where none does. */
export const bandPath = (line: ChartLine, chart: Chart, { width, height }: Plot): string => {
  const mirrored = chart.lines.some((one) => one.mirrored)
  const bottom = mirrored ? -chart.top : 0
  const x = (at: number) => round(Math.min(1, Math.max(0, (at - chart.from) / (chart.to - chart.from))) * width)
  const y = (value: number) => {
    const drawn = Math.min(value, chart.top) * (line.mirrored ? -1 : 1)
    return round(height * (1 - (drawn - bottom) / (chart.top - bottom)))
  }
  const stretches: Bound[][] = [[]]
  for (const { at, value, least, most } of cutAtGaps(line.points, chart.gaps)) {
    if (value === null || least === undefined || most === undefined) stretches.push([])
    else stretches.at(-1)?.push({ x: x(at), least: y(least), most: y(most) })
  }
  return stretches
    .filter((stretch) => stretch.length > 1 && stretch.some(({ least, most }) => least !== most))
    .map((stretch) => {
      const above = stretch.map((point) => `${point.x} ${point.most}`)
      const below = stretch.toReversed().map((point) => `${point.x} ${point.least}`)
      return `M${[...above, ...below].join('L')}Z`
    })
    .join('')
}

/** Not as series of the library: each would be a line of the tooltip as well. */
export const drawBands = ({ w: { globals } }: DrawnChart, chart: Chart, colours: Record<Token, string>): void => {
  const root = globals.dom.baseEl
  for (const old of root.querySelectorAll('.band')) old.remove()
  const below = root.querySelector('.apexcharts-area-series, .apexcharts-line-series')
  for (const line of chart.lines) {
    const path = bandPath(line, chart, { width: globals.gridWidth, height: globals.gridHeight })
    if (!path) continue
    const band = document.createElementNS('http://www.w3.org/2000/svg', 'path')
    for (const [name, value] of Object.entries({ class: 'band', d: path, fill: colours[line.token] }))
      band.setAttribute(name, value)
    below?.before(band)
  }
}

const round = (pixels: number): number => Math.round(pixels * 10) / 10
