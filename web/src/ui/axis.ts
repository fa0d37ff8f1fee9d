// Axes that start at zero, end at a round figure, and speak in one unit.

export type Measure = 'percent' | 'memory' | 'rate'

const UNITS = {
  percent: { base: 1000, units: [''], suffix: '%', space: '' },
  memory: { base: 1024, units: ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'], suffix: '', space: '\u00a0' },
  rate: { base: 1000, units: ['B', 'kB', 'MB', 'GB', 'TB', 'PB'], suffix: '/s', space: '\u00a0' },
} as const

/** Halves of these are round as well, so three lines have three round figures. */
const STEPS = [1, 2, 4, 6, 8, 10, 20, 40, 60, 80, 100, 200, 400, 600, 800, 1000]

const unitOf = (measure: Measure, value: number): { power: number; divisor: number } => {
  const { base, units } = UNITS[measure]
  let power = 0
  while (value >= base ** (power + 1) && power < units.length - 1) power++
  return { power, divisor: base ** power }
}

/** The smallest round figure that holds `value`. */
export const roundTop = (measure: Measure, value: number): number => {
  if (measure === 'percent') return 100
  const { divisor } = unitOf(measure, Math.max(1, value))
  const step = STEPS.find((candidate) => candidate * divisor >= value)
  return (step ?? Math.ceil(value / divisor)) * divisor
}

/** Labels of an axis that ends at `top`: all in the unit of its top. */
export const axisLabel = (measure: Measure, top: number): ((value: number) => string) => {
  const { units, suffix, space } = UNITS[measure]
  const { power, divisor } = unitOf(measure, top)
  const number = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3, useGrouping: false })
  return (value) => `${number.format(Math.abs(value) / divisor)}${space}${units[power] ?? ''}${suffix}`
}
