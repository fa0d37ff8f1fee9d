// From a figure to its heat: idle to busy in six steps, by limits that stay the same whatever the others do.
import type { Token } from '../ui/tokens.ts'
import { format } from '../ui/format.ts'
import type { Figure, Square } from './squares.ts'

const PERCENT = [20, 40, 60, 80, 95]
/** Of a network nobody knows the most: each step is ten times the one before. */
const RATES = [1e4, 1e5, 1e6, 1e7, 1e8]

export const HEATS = ['h0', 'h1', 'h2', 'h3', 'h4', 'h5'] as const satisfies readonly Token[]

export const heatOf = (figure: Figure, value: number): Token => {
  const limits = figure === 'network' ? RATES : PERCENT
  return HEATS[limits.filter((limit) => value >= limit).length] ?? 'h5'
}

/** As far as it is of now: what an instance that does not run had last says nothing. */
export const figureOf = (square: Square, figure: Figure): number | null =>
  square.status === 'RUNNING' ? square[figure] : null

export const figureText = (figure: Figure, value: number): string =>
  figure === 'network' ? format.rate(value) : format.percent(value)

/** From where on a square is as hot as it gets. */
export const hottest = (figure: Figure): string => figureText(figure, (figure === 'network' ? RATES : PERCENT)[4] ?? 0)
