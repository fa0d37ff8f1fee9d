import { expect, it } from 'vitest'
import { hashOf, newOneTimePassword, newSecret, sameSecret } from './secrets.ts'

it('secrets never repeat, and their hash gives none of them away', () => {
  const secrets = new Set(Array.from({ length: 100 }, newSecret))
  expect(secrets.size).toBe(100)
  for (const secret of secrets) {
    expect(secret).toMatch(/^[\w-]{43}$/)
    expect(hashOf(secret)).toMatch(/^[\da-f]{64}$/)
  }
})

it('one-time passwords can be read aloud', () => {
  const passwords = new Set(Array.from({ length: 100 }, newOneTimePassword))
  expect(passwords.size).toBe(100)
  for (const password of passwords) expect(password).toMatch(/^([a-hjkmnp-z2-9]{5}-){3}[a-hjkmnp-z2-9]{5}$/)
})

it('secrets of any length compare', () => {
  expect(sameSecret('a', 'a')).toBe(true)
  expect(sameSecret('a', 'ab')).toBe(false)
  expect(sameSecret('', '')).toBe(true)
})
