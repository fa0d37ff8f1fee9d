import { expect, test } from 'vitest'
import { newPasswordFault } from './newPassword.ts'

test('a new password says what was expected and what was got', () => {
  expect(newPasswordFault('short', 'old')).toBe('Between 12 and 256 characters, got 5.')
})

test('the present password is not a new one', () => {
  expect(newPasswordFault('correct horse battery', 'correct horse battery')).toBe('Must differ from the present one.')
})

test('a long enough other password is fine', () => {
  expect(newPasswordFault('correct horse battery', 'old')).toBeUndefined()
})
