import { expect, test } from 'vitest'
import { sparkBounds, sparkPath } from './spark.ts'

const scale = { from: 0, to: 100, top: 10, gapMs: 10 }

test('a line joins neighbours and breaks where points are missing or too far apart', () => {
  const points = [
    { at: 0, value: 0 },
    { at: 10, value: 10 },
    { at: 20, value: null },
    { at: 30, value: 5 },
    { at: 60, value: 5 },
  ]
  expect(sparkPath(points, scale)).toBe('M0 21h.01L10 1M30 11h.01M60 11h.01')
})

test('what is beyond the scale runs along its end, what is outside the time is not drawn', () => {
  expect(sparkPath([{ at: 50, value: 99 }], scale)).toBe('M50 1h.01')
  expect(sparkPath([{ at: 150, value: 5 }], scale)).toBe('')
  expect(sparkPath([{ at: 50, value: 0 }], { ...scale, top: 0 })).toBe('M50 21h.01')
})

test('bounds leave out what was not measured', () => {
  expect(sparkBounds([{ at: 0, value: null }])).toBeUndefined()
  expect(
    sparkBounds([
      { at: 0, value: 3 },
      { at: 1, value: null },
      { at: 2, value: 1 },
    ]),
  ).toEqual({ least: 1, most: 3 })
})
