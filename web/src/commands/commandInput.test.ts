import { Buffer } from 'node:buffer'
import { describe, expect, test } from 'vitest'
import { type CommandFields, countSet, emptyFields, toInput } from './commandInput.ts'

const inputOf = (fields: Partial<CommandFields>) => toInput({ ...emptyFields(), ...fields }, 'ins_1')

describe('what was typed', () => {
  test('is a line for the shell, with the usual time', () =>
    expect(inputOf({ command: ' df -h\n' }).input).toEqual({
      instanceId: 'ins_1',
      command: 'df -h',
      args: null,
      cwd: null,
      env: [],
      stdin: null,
      timeoutMs: 30_000,
    }))

  test('is a program with its arguments, one a line, as they are', () => {
    expect(inputOf({ command: 'printf', by: 'program', args: '%s\n  a b \n\n$HOME\n' }).input?.args).toEqual([
      '%s',
      '  a b ',
      '',
      '$HOME',
    ])
    expect(inputOf({ command: 'ls', by: 'program' }).input?.args).toEqual([])
  })

  test('may have variables, input, a directory and a time', () => {
    const { input } = inputOf({
      command: 'cat',
      cwd: ' /srv ',
      env: 'A=1\n\n B_2=x=y \n',
      stdin: 'Grüße\n',
      timeout: '1,5',
    })
    expect(input).toMatchObject({
      cwd: '/srv',
      env: [
        { name: 'A', value: '1' },
        { name: 'B_2', value: 'x=y ' },
      ],
      timeoutMs: 1500,
    })
    expect(Buffer.from(input?.stdin ?? '', 'base64').toString()).toBe('Grüße\n')
  })
})

test('what is in force besides the line is counted', () => {
  expect(countSet({ ...emptyFields(), command: 'ls', cwd: ' ' })).toBe(0)
  expect(countSet({ ...emptyFields(), by: 'program', args: '-l', env: 'A=1', timeout: '60' })).toBe(3)
})

test.each([
  ['command', { command: ' \n' }, 'Expected a command, got none.'],
  ['env', { env: 'A=1\n2B=x' }, 'Expected NAME=value with letters, digits and _, got 2B=x.'],
  ['env', { env: 'A' }, 'Expected NAME=value with letters, digits and _, got A.'],
  ['stdin', { stdin: 'é'.repeat(131_073) }, 'Expected at most 256\u00a0KiB, got 257\u00a0KiB.'],
  ['timeout', { timeout: '' }, 'Between 1 and 3600 s, got none.'],
  ['timeout', { timeout: '0.5' }, 'Between 1 and 3600 s, got 0.5.'],
  ['timeout', { timeout: '2 h' }, 'Between 1 and 3600 s, got 2 h.'],
] as const)('the field %s that cannot be taken says why: %j', (field, fields, said) => {
  const { input, faults } = inputOf({ command: 'true', ...fields })
  expect(input).toBeUndefined()
  expect(faults).toEqual({ [field]: said })
})
