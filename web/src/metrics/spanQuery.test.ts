import { expect, test } from 'vitest'
import { parseSpan } from './spanQuery.ts'

const old = 86_400_000

test('an address without a range shows the last hour', () => {
  expect(parseSpan({}, old)).toEqual({ range: '1h', span: { kind: 'last', ms: 3_600_000 } })
  expect(parseSpan({ range: 'forever' }, old).range).toBe('1h')
})

test('a part that was zoomed into stands still', () => {
  expect(parseSpan({ range: '6h', from: '1000000', to: '2000000' }, old)).toEqual({
    range: '6h',
    span: { kind: 'fixed', from: 1_000_000, to: 2_000_000 },
  })
})

test('a part that ends before it begins is ignored', () => {
  expect(parseSpan({ range: '7d', from: '2000000', to: '1000000' }, old).span).toEqual({
    kind: 'last',
    ms: 604_800_000,
  })
})

test('a new instance shows its first minutes, unless the address says otherwise', () => {
  expect(parseSpan({}, 60_000).range).toBe('15m')
  expect(parseSpan({ range: '7d' }, 60_000).range).toBe('7d')
})
