import { describe, expect, it } from 'vitest'
import { createPasswords, demandPassword } from './passwords.ts'

const passwords = createPasswords()

describe('a stored password', () => {
  it('is argon2id with a salt of its own', async () => {
    const [a, b] = await Promise.all([passwords.hash('correct horse battery'), passwords.hash('correct horse battery')])
    expect(a).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    expect(a).not.toBe(b)
  })

  it('opens with the password, however its characters were composed', async () => {
    const hash = await passwords.hash('m\u00fcnchen-\u00e9toile')
    expect(await passwords.verify(hash, 'mu\u0308nchen-e\u0301toile')).toBe(true)
    expect(await passwords.verify(hash, 'munchen-etoile')).toBe(false)
  })

  it('that does not exist never opens', async () => {
    expect(await passwords.verify(null, 'nobody has this password')).toBe(false)
    expect(await passwords.verify(null, '')).toBe(false)
  })
})

it('a crowd is served in turn, and what is too much is sent away at once', async () => {
  const crowded = createPasswords()
  const answers = await Promise.allSettled(Array.from({ length: 80 }, () => crowded.hash('x')))
  const refused = answers.filter((answer) => answer.status === 'rejected')
  expect(refused).toHaveLength(80 - 66)
  expect(refused[0]).toMatchObject({ reason: { code: 'UNAVAILABLE' } })
  expect(await crowded.hash('x')).toContain('argon2id')
})

it('a password has 12 to 256 characters, and a refusal does not repeat it', () => {
  expect(() => demandPassword('next', 'twelve chars')).not.toThrow()
  expect(() => demandPassword('next', 'x1'.repeat(128))).not.toThrow()
  expect(() => demandPassword('next', 'eleven char')).toThrow('next: expected 12 to 256 characters, got 11.')
  expect(() => demandPassword('next', 'x1'.repeat(129))).toThrow('got 258')
  expect(() => demandPassword('next', 'aaaaaaaaaaaaaaa')).toThrow('the same character')
})
