import { expect, test } from 'vitest'
import { ulid } from './ids.ts'

test('a ULID has 26 characters of the alphabet and follows the specification', () => {
  expect(ulid(1_469_918_176_385, () => new Uint8Array(10))).toBe('01ARYZ6S410000000000000000')
  expect(ulid(Date.UTC(2026, 0, 1))).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/)
  expect(ulid(2 ** 48 - 1, () => new Uint8Array(10).fill(255))).toBe('7ZZZZZZZZZZZZZZZZZZZZZZZZZ')
})

test('ULIDs sort by time and two of one millisecond differ', () => {
  expect(ulid(1_000) < ulid(1_001)).toBe(true)
  expect(ulid(5)).not.toBe(ulid(5))
})
