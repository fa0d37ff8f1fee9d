import { FAULTS } from '@sindri/schema/contract/codes'
import { expect, test } from 'vitest'
import { ShownFault } from '../graph/faults.ts'
import { en } from '../words/en/en.ts'
import { faultWords, nextStep } from './nextStep.ts'

const fault = (code: ShownFault['code'], details = {}) =>
  new ShownFault(code, 'As it was said.', false, undefined, details)

test('what a role may not says which role may, and who grants it', () => {
  expect(nextStep(fault('FORBIDDEN', { action: 'audit.read' }))).toBe(
    'This needs the administrator role. Ask an administrator of this console to grant it.',
  )
})

test('what no role or no known action explains is left to the words of the console', () => {
  expect(nextStep(fault('FORBIDDEN'))).toBeUndefined()
  expect(nextStep(fault('FORBIDDEN', { action: 'toString' }))).toBeUndefined()
  expect(nextStep(fault('FORBIDDEN', { action: 'agent.enrol' }))).toBeUndefined()
})

test('too much at once says how long to wait, in whole seconds', () => {
  expect(nextStep(fault('RATE_LIMITED', { retryAfterMs: 60 }))).toBe('Wait 1\u00a0s, then try again.')
  expect(nextStep(fault('RATE_LIMITED', { retryAfterMs: 29_001 }))).toBe('Wait 30\u00a0s, then try again.')
})

test('a fault of a field says it itself', () => {
  expect(nextStep(fault('CONFLICT', { field: 'name' }))).toBeUndefined()
  expect(faultWords(fault('CONFLICT', { field: 'name' }))).toBe('As it was said.')
})

test('a defect is not explained away', () => expect(faultWords(fault('INTERNAL'))).toBe('As it was said.'))

test('each code with a phrase is one that there is, and the words of the console stay', () => {
  for (const code of Object.keys(en.ui.next.plain) as (keyof typeof en.ui.next.plain)[]) {
    expect(['UNREACHABLE', ...Object.keys(FAULTS)]).toContain(code)
    expect(faultWords(fault(code))).toBe(`${en.ui.next.plain[code]} As it was said.`)
  }
})
