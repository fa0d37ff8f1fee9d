import { expect, test } from 'vitest'
import type { KeyLineFragment } from '../graph/gql/graphql.ts'
import { endOf, keyState } from './keyEnd.ts'

const now = Date.parse('2026-01-01T00:00:00.000Z')
const key = (part: Partial<KeyLineFragment>) => part as KeyLineFragment

test('a key is open until it is revoked or its time is over', () => {
  expect(keyState(key({}), now)).toBe('open')
  expect(keyState(key({ expiresAt: '2026-01-01T00:00:00.001Z' }), now)).toBe('open')
  expect(keyState(key({ expiresAt: '2026-01-01T00:00:00.000Z' }), now)).toBe('expired')
  expect(keyState(key({ revokedAt: '2025-01-01T00:00:00.000Z', expiresAt: '2027-01-01T00:00:00.000Z' }), now)).toBe(
    'revoked',
  )
})

test('a key to be made ends in as many days as was chosen, or never', () => {
  expect(endOf('in30', now)).toBe('2026-01-31T00:00:00.000Z')
  expect(endOf('never', now)).toBeNull()
})
