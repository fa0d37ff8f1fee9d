import { expect, test } from 'vitest'
import { readFaultRun } from './faultRun.ts'

test('length and seed of the fault suite become variables, wherever they stand', () => {
  expect(readFaultRun(['faults', '--minutes', '60', '--seed', '7'])).toEqual({
    args: ['faults'],
    env: { SINDRI_FAULTS_MINUTES: '60', SINDRI_FAULTS_SEED: '7' },
  })
  expect(readFaultRun(['--minutes', '0.5', 'faults']).args).toEqual(['faults'])
})

test('the arguments of other tests are left alone', () => {
  expect(readFaultRun(['terminals', '--seed', 'x'])).toEqual({ args: ['terminals', '--seed', 'x'], env: {} })
})

test.each([
  [['faults', '--minutes', 'many'], '--minutes: expected minutes, at least 0.5, got "many"'],
  [['faults', '--minutes', '0'], '--minutes: expected minutes, at least 0.5, got "0"'],
  [['faults', '--seed'], '--seed: expected a whole number, got ""'],
])('%j is refused in one line', (argv, message) => expect(() => readFaultRun(argv)).toThrow(message))
