import { expect, test } from 'vitest'
import { preferencesFrom, usual } from './terminalPreferences.ts'

test('what was kept comes back', () => {
  const liked = {
    ...usual,
    fontFamily: 'MesloLGS NF',
    fontSize: 16,
    scrollback: 50_000,
    copyOnSelect: true,
    asksBeforePaste: false,
  }
  expect(preferencesFrom(JSON.stringify(liked))).toEqual(liked)
})

test('programs write to no clipboard and select nothing into it unless somebody said so', () => {
  expect(usual).toMatchObject({ clipboardWrite: false, copyOnSelect: false, asksBeforePaste: true })
})

test.each([
  ['nothing', null],
  ['no JSON', '{'],
  ['another shape', '"x"'],
  ['a font that is none', '{"fontFamily":"x\\"; background: red"}'],
  ['values that cannot be', '{"fontSize":90,"scrollback":7,"copyOnSelect":"yes","clipboardWrite":1}'],
])('%s is the usual', (_, text) => expect(preferencesFrom(text)).toEqual(usual))
