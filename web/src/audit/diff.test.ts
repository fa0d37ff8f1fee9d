import { expect, test } from 'vitest'
import { diffLines } from './diff.ts'

const shown = (before: unknown, after: unknown) =>
  diffLines(before, after).map(({ sign, path, value }) => `${sign} ${path}: ${value}`)

test('a change shows what was above what became, and what stayed', () => {
  expect(shown({ name: 'Mia', role: 'DEVELOPER' }, { name: 'Mia', role: 'VIEWER' })).toEqual([
    '  name: "Mia"',
    '- role: "DEVELOPER"',
    '+ role: "VIEWER"',
  ])
})

test('something made has only what became, something gone only what was', () => {
  expect(shown(null, { email: 'a@b.c' })).toEqual(['+ email: "a@b.c"'])
  expect(shown({ name: 'box' }, null)).toEqual(['- name: "box"'])
  expect(shown(null, null)).toEqual([])
})

test('nested values are told by their path, lists whole', () => {
  expect(shown({ tags: { team: 'forge' }, ids: [1] }, { tags: { team: 'anvil', env: {} }, ids: [1, 2] })).toEqual([
    '- tags.team: "forge"',
    '+ tags.team: "anvil"',
    '+ tags.env: {}',
    '- ids: [1]',
    '+ ids: [1,2]',
  ])
})
