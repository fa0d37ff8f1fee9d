import { expect, test } from 'vitest'
import { EVERYTHING } from './listQuery.ts'
import { moved, toList, toViewInput } from './views.ts'

test('a view that is saved shows the same list again', () => {
  const list = {
    ...EVERYTHING,
    search: 'web',
    status: ['STALE' as const],
    provider: ['fly'],
    tag: ['team=forge', 'gpu'],
    sort: 'CPU' as const,
    descending: true,
  }
  const { filter, sort, search } = toViewInput('Web', { ...list, after: 'c', skipped: 50 })
  const view = {
    id: 'viw_1',
    name: 'Web',
    count: 3,
    search: search ?? '',
    status: ['STALE' as const],
    provider: ['fly'],
    region: [],
    tags: filter?.tags ?? [],
    sort: sort?.field ?? ('NAME' as const),
    descending: sort?.descending ?? false,
  }
  expect(toList(view)).toEqual(list)
  expect(toViewInput('All', EVERYTHING).filter).toBeNull()
})

test('a view moves by one place, and not beyond the ends', () => {
  expect(moved(['a', 'b', 'c'], 'b', 1)).toEqual(['a', 'c', 'b'])
  expect(moved(['a', 'b', 'c'], 'b', -1)).toEqual(['b', 'a', 'c'])
  expect(moved(['a', 'b'], 'a', -1)).toEqual(['a', 'b'])
  expect(moved(['a', 'b'], 'b', 1)).toEqual(['a', 'b'])
})
