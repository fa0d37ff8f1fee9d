import { expect, test } from 'vitest'
import { axisLabel, roundTop } from './axis.ts'

const plain = (text: string) => text.replaceAll('\u00a0', ' ')

test('an axis ends at a round figure whose half is round, too', () => {
  expect(roundTop('rate', 3_100_000)).toBe(4_000_000)
  expect(roundTop('rate', 99)).toBe(100)
  expect(roundTop('rate', 0)).toBe(1)
  expect(roundTop('memory', 31.2 * 1024 ** 3)).toBe(40 * 1024 ** 3)
  expect(roundTop('percent', 3)).toBe(100)
})

test('a figure just below the next unit is held by it', () => {
  expect(roundTop('rate', 999_000)).toBe(1_000_000)
})

test('all labels of an axis have the unit of its top', () => {
  const label = axisLabel('rate', 4_000_000)
  expect([0, 2_000_000, 4_000_000, -4_000_000].map((value) => plain(label(value)))).toEqual([
    '0 MB/s',
    '2 MB/s',
    '4 MB/s',
    '4 MB/s',
  ])
  expect([0, 50, 100].map(axisLabel('percent', 100))).toEqual(['0%', '50%', '100%'])
})
