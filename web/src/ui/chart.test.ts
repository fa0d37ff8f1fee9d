import { expect, test } from 'vitest'
import { type ChartLine, cutAtGaps, hasSpread, pointWords, summarize, toTable } from './chart.ts'

const line = (name: string, points: [number, number | null][]): ChartLine => ({
  name,
  token: 's1',
  points: points.map(([at, value]) => ({ at, value })),
  text: (value) => `${value}%`,
})

test('a line breaks once at each gap, and is whole elsewhere', () => {
  const { points } = line('use', [
    [0, 1],
    [10, 2],
    [50, 3],
    [60, 4],
    [99, 5],
  ])
  const cut = cutAtGaps(points, [
    { from: 10, to: 50 },
    { from: 60, to: 99 },
  ])
  expect(cut.map(({ at, value }) => [at, value])).toEqual([
    [0, 1],
    [10, 2],
    [11, null],
    [50, 3],
    [60, 4],
    [61, null],
    [99, 5],
  ])
})

test('a gap before the first point and one after the last need no break', () => {
  const { points } = line('use', [[50, 1]])
  expect(
    cutAtGaps(points, [
      { from: 0, to: 50 },
      { from: 50, to: 100 },
    ]),
  ).toEqual(points)
})

test('the summary leaves out what was not measured', () => {
  expect(
    summarize(
      line('use', [
        [0, 40],
        [1, 20],
        [2, 30],
        [3, null],
      ]),
    ),
  ).toEqual({ name: 'use', last: '30%', least: '20%', most: '40%' })
  expect(summarize(line('use', [[0, null]]))).toBeUndefined()
})

test('the table has a row for each time of any line, newest first', () => {
  const rows = toTable([
    line('in', [
      [1, 10],
      [2, 20],
    ]),
    line('out', [
      [2, 5],
      [3, null],
    ]),
  ])
  expect(rows).toEqual([
    { at: 3, cells: [null, null] },
    { at: 2, cells: ['20%', '5%'] },
    { at: 1, cells: ['10%', null] },
  ])
})

test('a point that stands for several samples says so, one whose samples were alike does not', () => {
  const use = line('use', [])
  expect(pointWords(use, { at: 0, value: 40, least: 5, most: 95 })).toBe('40% (5% to 95%)')
  expect(pointWords(use, { at: 0, value: 40, least: 40, most: 40 })).toBe('40%')
  expect(pointWords(use, { at: 0, value: null })).toBeNull()
  const spread = { ...use, points: [{ at: 0, value: 40, least: 5, most: 95 }] }
  expect(toTable([spread])[0]?.cells).toEqual(['40% (5% to 95%)'])
  expect(summarize(spread)).toEqual({ name: 'use', last: '40%', least: '5%', most: '95%' })
  expect([hasSpread([spread]), hasSpread([line('use', [[0, 1]])])]).toEqual([true, false])
})
