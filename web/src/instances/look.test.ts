import { expect, test } from 'vitest'
import { USUAL, parseLook } from './look.ts'

test('a look is read back as it was chosen', () => {
  const look = { density: 'roomy' as const, hidden: ['disk' as const, 'agent' as const] }
  expect(parseLook(JSON.stringify(look))).toEqual(look)
  expect(parseLook(JSON.stringify({ density: 'compact', hidden: [] }))).toEqual({ density: 'compact', hidden: [] })
})

test.each([null, '', 'null', '{', '[]', '3', '{"density":"huge","hidden":"disk"}'])(
  'of %s the usual is left',
  (text) => {
    expect(parseLook(text)).toEqual(USUAL)
  },
)

test('a column that is not known any more is forgotten', () => {
  expect(parseLook('{"hidden":["colour","up"]}').hidden).toEqual(['up'])
})
