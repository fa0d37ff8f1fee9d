import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  allPanes,
  besides,
  closePane,
  focusedPane,
  focusPane,
  type Layout,
  moveTab,
  noLayout,
  openTab,
  panesOf,
  setShare,
  showTab,
  splitPane,
  toOwnTab,
} from './layout.ts'

const tabs = (...ids: string[]): Layout => ids.reduce(openTab, noLayout)

test('a new terminal gets a tab at the end, and the keyboard', () => {
  const layout = tabs('a', 'b')
  expect(layout).toEqual({
    tabs: [
      { tree: 'a', focused: 'a' },
      { tree: 'b', focused: 'b' },
    ],
    active: 1,
  })
  expect(openTab(layout, 'a')).toEqual({ ...layout, active: 0 })
})

test('a split gives the new pane half of the old one, and the keyboard', () => {
  const layout = splitPane(splitPane(tabs('a'), 'a', 'row', 'b'), 'b', 'column', 'c')
  expect(layout.tabs).toEqual([
    {
      tree: {
        way: 'row',
        share: 0.5,
        first: 'a',
        second: { way: 'column', share: 0.5, first: 'b', second: 'c' },
      },
      focused: 'c',
    },
  ])
})

test('a pane that is closed leaves its place to what stood beside it', () => {
  const split = splitPane(splitPane(tabs('a'), 'a', 'row', 'b'), 'b', 'column', 'c')
  expect(closePane(split, 'c').tabs).toEqual([
    { tree: { way: 'row', share: 0.5, first: 'a', second: 'b' }, focused: 'b' },
  ])
  expect(closePane(split, 'a').tabs[0]).toEqual({
    tree: { way: 'column', share: 0.5, first: 'b', second: 'c' },
    focused: 'c',
  })
})

test('an empty tab goes: the one that follows is shown, at the end the one before', () => {
  const layout = tabs('a', 'b', 'c')
  expect(focusedPane(closePane(showTab(layout, 1), 'b'))).toBe('c')
  expect(focusedPane(closePane(layout, 'c'))).toBe('b')
  expect(focusedPane(closePane(layout, 'a'))).toBe('c')
  expect(closePane(tabs('a'), 'a')).toEqual(noLayout)
})

test('a terminal of another tab moves beside a pane, and its empty tab goes', () => {
  const layout = splitPane(tabs('a', 'b', 'c'), 'c', 'row', 'a')
  expect(layout.tabs.map(({ tree }) => panesOf(tree))).toEqual([['b'], ['c', 'a']])
  expect(focusedPane(layout)).toBe('a')
})

test('a pane of a split gets a tab of its own behind it', () => {
  const layout = toOwnTab(splitPane(tabs('a', 'z'), 'a', 'row', 'b'), 'b')
  expect(layout.tabs.map(({ tree }) => tree)).toEqual(['a', 'b', 'z'])
  expect(focusedPane(layout)).toBe('b')
  expect(toOwnTab(layout, 'b')).toBe(layout)
})

test('the next pane is found round and round through every tab', () => {
  const layout = splitPane(tabs('a', 'c'), 'a', 'row', 'b')
  expect([besides(layout, 'a', 1), besides(layout, 'c', 1), besides(layout, 'a', -1)]).toEqual(['b', 'a', 'c'])
})

test('a tab that moves stays shown, or lets the other stay', () => {
  const layout = tabs('a', 'b', 'c')
  expect(focusedPane(moveTab(layout, 2, -1))).toBe('c')
  expect(allPanes(moveTab(layout, 0, 1))).toEqual(['b', 'a', 'c'])
  expect(focusedPane(moveTab(layout, 0, 1))).toBe('c')
  expect(moveTab(layout, 0, -1)).toBe(layout)
})

test('a share stays between a tenth and nine, wherever a divider is dragged', () => {
  const split = splitPane(splitPane(tabs('a'), 'a', 'row', 'b'), 'b', 'column', 'c')
  expect(setShare(split, '', 3).tabs[0]?.tree).toMatchObject({ share: 0.9, second: { share: 0.5 } })
  expect(setShare(split, '2', -1).tabs[0]?.tree).toMatchObject({ share: 0.5, second: { share: 0.1 } })
  expect(setShare(split, '1', 0.2)).toEqual(split)
})

test('whatever is done, each terminal stands in one place, and a shown one has the keyboard', () => {
  const ids = ['a', 'b', 'c', 'd', 'e']
  const id = fc.constantFrom(...ids)
  const act = fc.oneof(
    id.map((one) => (layout: Layout) => openTab(layout, one)),
    id.map((one) => (layout: Layout) => closePane(layout, one)),
    id.map((one) => (layout: Layout) => toOwnTab(layout, one)),
    id.map((one) => (layout: Layout) => focusPane(layout, one)),
    fc.tuple(id, fc.constantFrom('row' as const, 'column' as const), id).map(
      ([at, way, one]) =>
        (layout: Layout) =>
          splitPane(layout, at, way, one),
    ),
    fc.tuple(fc.nat(4), fc.constantFrom(1 as const, -1 as const)).map(
      ([at, by]) =>
        (layout: Layout) =>
          moveTab(layout, at, by),
    ),
  )
  fc.assert(
    fc.property(fc.array(act, { maxLength: 30 }), (acts) => {
      const layout = acts.reduce((now, change) => change(now), noLayout)
      const panes = allPanes(layout)
      expect(new Set(panes).size).toBe(panes.length)
      for (const { tree, focused } of layout.tabs) expect(panesOf(tree)).toContain(focused)
      if (panes.length > 0) expect(panes).toContain(focusedPane(layout))
      else expect(layout).toEqual(noLayout)
    }),
  )
})
