import { expect, test } from 'vitest'
import type { Chart } from './chart.ts'
import { chartOptions } from './chartOptions.ts'
import { tokens } from './tokens.ts'

const dress = { colours: tokens.dark, nonce: '', group: 'g', onZoom: () => {}, onMark: () => {}, onDrawn: () => {} }
const chart: Chart = {
  id: 'cpu',
  name: 'CPU',
  measure: 'percent',
  top: 100,
  lines: [
    {
      name: 'load',
      token: 's6',
      points: [
        { at: 1, value: 50 },
        { at: 2, value: 133 },
      ],
      text: (value) => `${value / 50}`,
    },
  ],
  gaps: [],
  marks: [],
  from: 0,
  to: 3,
  live: false,
}

test('a load beyond the cores runs along the end of the axis, and is told as itself', () => {
  const { series, tooltip } = chartOptions(chart, dress)
  expect(series).toMatchObject([
    {
      data: [
        [1, 50],
        [2, 100],
      ],
    },
  ])
  const y = (tooltip?.y ?? []) as { formatter: (value: number, place: { dataPointIndex: number }) => string }[]
  expect(y[0]?.formatter(100, { dataPointIndex: 1 })).toBe('2.66')
})
