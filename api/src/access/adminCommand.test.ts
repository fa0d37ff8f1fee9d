// One command, with or without an address; whatever else is typed is told how to.
import { describe, expect, it } from 'vitest'
import { readAdminCommand } from './adminCommand.ts'

it('resets the password of the first administrator, or of somebody by their address in any case', () => {
  expect(readAdminCommand(['reset-password'])).toEqual({ email: undefined })
  expect(readAdminCommand(['reset-password', ' Ada@Example.org '])).toEqual({ email: 'ada@example.org' })
})

describe('what is no command', () => {
  it.each([
    [],
    [''],
    ['--help'],
    ['-h'],
    ['help'],
    ['reset'],
    ['resetpassword'],
    ['RESET-PASSWORD'],
    [' reset-password'],
    ['--reset-password'],
    ['reset-password', '--help'],
    ['reset-password', '--all'],
    ['reset-password', '-'],
    ['reset-password', 'a@b.example', 'c@d.example'],
    ['reset-password', 'a@b.example', ''],
    ['a@b.example', 'reset-password'],
    ['create-user', 'a@b.example'],
    ['reset-password\0'],
    ['x'.repeat(100_000)],
  ])('%j', (...args) => {
    expect(readAdminCommand(args)).toBeNull()
  })
})

describe('what is no address', () => {
  it.each([
    '',
    ' ',
    'admin',
    '@',
    'ada@',
    '@example.org',
    'ada@@example.org',
    'a b@example.org',
    'ada@example..org',
    'ada@-example.org-',
    'ada@example.org, bob@example.org',
    'Ada <ada@example.org>',
    "' or 1=1 --",
    '%',
    'ada\n@example.org',
    'ada\0@example.org',
    '\u202Eada@example.org',
    'ada@exam ple.org',
    `${'x'.repeat(65)}@example.org`,
    `ada@${'x'.repeat(260)}.org`,
    'x'.repeat(1_000_000),
  ])('%j', (email) => {
    expect(() => readAdminCommand(['reset-password', email])).toThrow(
      /^e-mail: expected an e-mail address such as "ada@example.com", got .{1,100}\.$/,
    )
  })
})
