import { expect, test } from 'vitest'
import { parseSpan } from './spanQuery.ts'

const old = 86_400_000

test('an address without a range shows the last hour', () => {
  expect(parseSpan({}, old)).toMatchObject({ range: '1h', span: { kind: 'last', ms: 3_600_000 } })
  expect(parseSpan({ range: 'forever' }, old).range).toBe('1h')
})

test('a part that was zoomed into stands still', () => {
  expect(parseSpan({ range: '6h', from: '1000000', to: '2000000', paused: '3000000' }, old)).toEqual({
    range: '6h',
    pausedAt: null,
    chosen: true,
    span: { kind: 'fixed', from: 1_000_000, to: 2_000_000 },
  })
})

test('a part that ends before it begins, or is no time at all, is ignored', () => {
  const week = { kind: 'last', ms: 604_800_000 }
  expect(parseSpan({ range: '7d', from: '2000000', to: '1000000' }, old).span).toEqual(week)
  expect(parseSpan({ range: '7d', from: '1e300', to: '1e301', paused: 'now' }, old).span).toEqual(week)
})

test('a range that was paused shows the same time to whoever gets its address', () => {
  expect(parseSpan({ range: '15m', paused: '1000000' }, old)).toEqual({
    range: '15m',
    pausedAt: 1_000_000,
    chosen: false,
    span: { kind: 'fixed', from: 100_000, to: 1_000_000 },
  })
})

test('a new instance shows its first minutes, unless the address says otherwise', () => {
  expect(parseSpan({}, 60_000).range).toBe('15m')
  expect(parseSpan({ range: '7d' }, 60_000).range).toBe('7d')
})
