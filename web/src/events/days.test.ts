import { expect, test } from 'vitest'
import { dayStart, toDays } from './days.ts'

test('a timeline is cut at midnight where the reader is', () => {
  const midnight = dayStart(Date.UTC(2026, 10, 20, 12))
  const at = (ms: number) => ({ at: new Date(midnight + ms).toISOString() })
  const days = toDays([at(5_000), at(0), at(-1), at(-86_400_001)])
  expect(days.map(({ items }) => items.length)).toEqual([2, 1, 1])
  expect(days.map(({ start }) => start)).toEqual([midnight, dayStart(midnight - 1), dayStart(midnight - 86_400_001)])
})
