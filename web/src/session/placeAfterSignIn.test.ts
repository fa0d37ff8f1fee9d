import { expect, test } from 'vitest'
import { placeAfterSignIn } from './placeAfterSignIn.ts'

test('a sign-in leads back to where it was asked for', () => {
  expect(placeAfterSignIn('/instances/ins_1?range=1h')).toBe('/instances/ins_1?range=1h')
})

test('a sign-in never leads to another site', () => {
  for (const to of ['https://example.com', '//example.com', '/\\example.com', 'javascript:alert(1)', undefined, ['/a']])
    expect(placeAfterSignIn(to)).toBe('/')
})
