import { expect, test } from 'vitest'
import { EVERYTHING } from './listQuery.ts'
import {
  NOTHING,
  type Selection,
  countOf,
  extend,
  isSelected,
  selectAll,
  toInput,
  toggle,
  togglePage,
  without,
} from './selection.ts'

const shown = ['a', 'b', 'c', 'd', 'e']
const idsOf = ({ ids }: Selection) => [...ids].toSorted().join('')

test('a row is selected and no longer selected', () => {
  const one = toggle(NOTHING, 'b', shown)
  expect(idsOf(one)).toBe('b')
  expect(isSelected(one, 'b')).toBe(true)
  expect(countOf(toggle(one, 'b', shown))).toBe(0)
})

test('a range goes from the row that was toggled last, in either direction, and takes out as it takes in', () => {
  expect(idsOf(extend(toggle(NOTHING, 'b', shown), 'd', shown))).toBe('bcd')
  const up = extend(toggle(NOTHING, 'd', shown), 'a', shown)
  expect(idsOf(up)).toBe('abcd')
  expect(idsOf(extend(toggle(up, 'b', shown), 'd', shown))).toBe('a')
  expect(idsOf(extend(NOTHING, 'd', shown))).toBe('d')
})

test('the box in the head takes the page in or out, and leaves what is selected on other pages', () => {
  const elsewhere = toggle(NOTHING, 'x', ['x'])
  const page = togglePage(elsewhere, shown)
  expect(idsOf(page)).toBe('abcdex')
  expect(idsOf(togglePage(toggle(page, 'c', shown), shown))).toBe('abcdex')
  expect(idsOf(togglePage(page, shown))).toBe('x')
})

test('all that match become those in sight when one is taken out', () => {
  const all = selectAll(41)
  expect(countOf(all)).toBe(41)
  expect(isSelected(all, 'anything')).toBe(true)
  expect(idsOf(toggle(all, 'b', shown))).toBe('acde')
})

test('what is gone is no longer selected', () => {
  const two = toggle(toggle(NOTHING, 'a', shown), 'b', shown)
  expect(idsOf(without(two, ['b', 'z']))).toBe('a')
  expect(without(two, ['z'])).toBe(two)
})

test('the console is told ids, or what must match and how many that are', () => {
  expect(toInput(toggle(NOTHING, 'a', shown), EVERYTHING)).toEqual({ ids: ['a'] })
  expect(toInput(selectAll(7), { ...EVERYTHING, search: 'web', provider: ['fly'] })).toEqual({
    filter: { provider: ['fly'] },
    search: 'web',
    count: 7,
  })
})
