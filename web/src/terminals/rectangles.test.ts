import { expect, test } from 'vitest'
import { placesOf } from './rectangles.ts'

test('one pane fills the whole', () => {
  expect(placesOf('a')).toEqual({ panes: new Map([['a', { left: 0, top: 0, width: 1, height: 1 }]]), dividers: [] })
})

test('splits in splits share the place of their part, each with its divider', () => {
  const { panes, dividers } = placesOf({
    way: 'row',
    share: 0.6,
    first: 'a',
    second: { way: 'column', share: 0.25, first: 'b', second: 'c' },
  })
  expect(panes.get('a')).toEqual({ left: 0, top: 0, width: 0.6, height: 1 })
  expect(panes.get('b')).toEqual({ left: 0.6, top: 0, width: 0.4, height: 0.25 })
  expect(panes.get('c')).toEqual({ left: 0.6, top: 0.25, width: 0.4, height: 0.75 })
  expect(dividers).toMatchObject([
    { path: '', way: 'row', left: 0.6, top: 0, width: 0, height: 1 },
    { path: '2', way: 'column', left: 0.6, top: 0.25, width: 0.4, height: 0, whole: { left: 0.6, width: 0.4 } },
  ])
})
