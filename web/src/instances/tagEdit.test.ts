import { expect, test } from 'vitest'
import { isTagKey, toEdit, toUndo } from './tagEdit.ts'

const tag = (key: string, value = '') => ({ key, value })

test('an edit names what is new or other, and what is gone', () => {
  expect(toEdit([tag('a', '1'), tag('b'), tag('c')], [tag('a', '2'), tag('b'), tag('d')])).toEqual({
    set: [tag('a', '2'), tag('d')],
    remove: ['c'],
  })
  expect(toEdit([tag('a')], [tag('a')])).toEqual({ set: [], remove: [] })
})

test('a change of many is taken back by one act for all that were alike', () => {
  const forge = [tag('team', 'forge')]
  expect(
    toUndo([
      { id: '1', name: '1', before: [], after: forge },
      { id: '2', name: '2', before: [tag('team', 'anvil')], after: forge },
      { id: '3', name: '3', before: [tag('x')], after: [...forge, tag('x')] },
    ]),
  ).toEqual([
    { ids: ['1', '3'], set: [], remove: ['team'] },
    { ids: ['2'], set: [tag('team', 'anvil')], remove: [] },
  ])
})

test('a key is made of letters, digits and a few signs', () => {
  expect(['team', 'a.b/c-d_e', 'x'.repeat(63)].every(isTagKey)).toBe(true)
  expect(['', 'a b', 'ä', 'x'.repeat(64)].some(isTagKey)).toBe(false)
})
