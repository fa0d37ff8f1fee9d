import { expect, test } from 'vitest'
import { readRecords } from './history.ts'

test('what a generator wrote down is read by run, as the database names it: the highest number made, and all answered', () => {
  const words = ['1 MADE', '2 MADE', '1 STORED', '3 MADE', '1 REPEATED', '2 REFUSED']
  const lines = words.map((each) => `a samples 01KBZ3GXYZ0123456789ABCDEF ${each}\n`)
  const key = 'a samples 019afe38-77df-0044-3214-c74254b635cf'
  expect([...readRecords(lines.join(''))]).toEqual([[key, { made: 3, answered: [1, 1] }]])
})
