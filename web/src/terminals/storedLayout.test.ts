import { expect, test } from 'vitest'
import { noLayout, openTab, splitPane } from './layout.ts'
import { fromStored, toStored } from './storedLayout.ts'

const [a, b, c] = ['trm_01A', 'trm_01B', 'trm_01C'] as const

test('what was kept comes back', () => {
  const layout = openTab(splitPane(openTab(noLayout, a), a, 'column', b), c)
  expect(fromStored(toStored(layout))).toEqual(layout)
})

test.each([
  ['nothing', null],
  ['no JSON', '{'],
  ['another shape', '[1, 2]'],
  ['tabs that are none', '{"tabs":[7,null,{"tree":"../x"}],"active":3}'],
])('%s is no arrangement', (_, text) => expect(fromStored(text)).toEqual(noLayout))

test('a terminal that stands twice, and a part that is none, leave the rest', () => {
  const stored = {
    tabs: [
      { tree: { way: 'row', share: 7, first: a, second: b }, focused: 'trm_9' },
      { tree: { way: 'row', share: 0.5, first: a, second: c }, focused: c },
      { tree: { way: 'sideways', share: 0.5, first: 'trm_01D', second: 'trm_01E' }, focused: 'trm_01D' },
    ],
    active: 9,
  }
  expect(fromStored(JSON.stringify(stored))).toEqual({
    tabs: [
      { tree: { way: 'row', share: 0.5, first: a, second: b }, focused: a },
      { tree: c, focused: c },
    ],
    active: 0,
  })
})

test('a tree that is deeper than anybody can see is cut', () => {
  let tree: unknown = 'trm_0'
  for (let depth = 1; depth < 2000; depth++) tree = { way: 'row', share: 0.5, first: tree, second: `trm_${depth}` }
  expect(fromStored(JSON.stringify({ tabs: [{ tree, focused: 'trm_1' }], active: 0 })).tabs).toHaveLength(1)
})
