import { expect, test } from 'vitest'
import type { Chart, ChartLine, ChartPoint } from './chart.ts'
import { bandPath } from './chartBand.ts'

const line = (points: ChartPoint[], mirrored = false): ChartLine => ({
  name: 'use',
  token: 's1',
  mirrored,
  points,
  text: String,
})
const point = (at: number, least: number, most: number): ChartPoint => ({ at, value: (least + most) / 2, least, most })
const path = (points: ChartPoint[], more: Partial<Chart> = {}, mirrored = false): string => {
  const drawn = line(points, mirrored)
  const chart: Chart = {
    id: 'c',
    name: 'C',
    measure: 'percent',
    top: 100,
    lines: [drawn],
    gaps: [],
    marks: [],
    from: 0,
    to: 100,
    live: false,
    ...more,
  }
  return bandPath(drawn, chart, { width: 100, height: 50 })
}

test('a band goes along the largest and back along the smallest', () => {
  expect(path([point(0, 20, 40), point(100, 0, 60)])).toBe('M0 30L100 20L100 50L0 40Z')
})

test('a band breaks at a gap and where a figure was not measured', () => {
  const points = [point(0, 0, 10), point(10, 0, 10), point(60, 0, 10), point(70, 0, 10)]
  expect(path(points, { gaps: [{ from: 10, to: 60 }] }).match(/M/g)).toHaveLength(2)
  expect(path([...points.slice(0, 2), { at: 30, value: null }, ...points.slice(2)]).match(/M/g)).toHaveLength(2)
})

test('points of one sample have no band, and none leaves the plot', () => {
  expect(path([point(0, 5, 5), point(10, 5, 5)])).toBe('')
  expect(path([point(-50, 0, 500), point(100, 0, 500)])).toBe('M0 0L100 0L100 50L0 50Z')
})

test('a mirrored band goes downwards from the middle', () => {
  expect(path([point(0, 0, 100), point(100, 0, 100)], {}, true)).toBe('M0 50L100 50L100 25L0 25Z')
})
