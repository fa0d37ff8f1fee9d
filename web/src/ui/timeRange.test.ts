import { expect, test } from 'vitest'
import {
  ANY_TIME,
  fromLocalField,
  parseTimeRange,
  printTimeRange,
  resolveTimeRange,
  toLocalField,
} from './timeRange.ts'

test('a range comes back from an address as it was put there', () => {
  for (const range of [
    ANY_TIME,
    { last: '7d' as const, from: null, to: null },
    { last: null, from: Date.UTC(2026, 10, 20), to: null },
    { last: null, from: Date.UTC(2026, 10, 20), to: Date.UTC(2026, 10, 21) },
  ])
    expect(parseTimeRange(printTimeRange(range) as Record<string, string>)).toEqual(range)
})

test('nonsense in an address means any time', () => {
  for (const query of [
    { last: 'toString' },
    { from: 'x' },
    { from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' },
  ])
    expect(parseTimeRange(query as Record<string, string>)).toEqual(ANY_TIME)
})

test('the last hour ends now and stays open', () => {
  expect(resolveTimeRange({ last: '1h', from: null, to: null }, Date.UTC(2026, 0, 1, 1))).toEqual({
    from: '2026-01-01T00:00:00.000Z',
    to: null,
  })
})

test('a field for a moment shows what it gave', () => {
  const at = Date.UTC(2026, 10, 20, 17, 42)
  expect(fromLocalField(toLocalField(at))).toBe(at)
  expect(fromLocalField('')).toBeNull()
  expect(toLocalField(null)).toBe('')
})
