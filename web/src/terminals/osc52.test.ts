import { expect, test } from 'vitest'
import { answerTo, clipboardWish, MOST_BYTES } from './osc52.ts'

const wish = clipboardWish('c;aMOkIHRoZXJl')
const now = { allowed: true, replay: false, told: false }

test('a program that writes names its text in base64', () => {
  expect(clipboardWish(`c;${Buffer.from('hä there').toString('base64')}`)).toEqual({ kind: 'write', text: 'hä there' })
})

test.each([
  ['no base64', 'c;%%%'],
  ['no UTF-8', `c;${Buffer.from([0xff, 0xfe]).toString('base64')}`],
  ['nothing', 'c;'],
  ['no selection', 'aGk='],
  ['more than anybody copies', `c;${'A'.repeat(MOST_BYTES * 2)}`],
])('%s is no wish', (_, data) => expect(clipboardWish(data)).toEqual({ kind: 'none' }))

test('the clipboard is never read, whatever is allowed', () => {
  expect(clipboardWish('c;?')).toEqual({ kind: 'read' })
  expect(answerTo(clipboardWish('c;?'), now)).toBe('ignore')
})

test('it is written where the user allowed it; otherwise the user is told, once', () => {
  expect(answerTo(wish, now)).toBe('write')
  expect(answerTo(wish, { ...now, allowed: false })).toBe('tell')
  expect(answerTo(wish, { ...now, allowed: false, told: true })).toBe('ignore')
})

test('a replay of old output writes nothing', () => {
  expect(answerTo(wish, { ...now, replay: true })).toBe('ignore')
})
