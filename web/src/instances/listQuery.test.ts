import { expect, test } from 'vitest'
import { EVERYTHING, filterCount, isSameList, parseListQuery, parseTag, printListQuery, toFilter } from './listQuery.ts'

test('an empty address is the whole fleet by name', () => {
  expect(parseListQuery({})).toEqual(EVERYTHING)
  expect(printListQuery(parseListQuery({}))).toEqual({})
  expect(toFilter(EVERYTHING)).toBeNull()
})

test('what is printed reads back the same', () => {
  const list = {
    search: 'forge',
    status: ['RUNNING' as const, 'STALE' as const],
    provider: ['fly', 'a,b'],
    region: ['fra'],
    tag: ['team=forge', 'gpu'],
    sort: 'CPU' as const,
    descending: true,
    after: 'c3',
    skipped: 50,
  }
  const query = printListQuery(list)
  expect(query).toEqual({
    search: 'forge',
    status: 'running,stale',
    provider: ['fly', 'a,b'],
    region: ['fra'],
    tag: ['team=forge', 'gpu'],
    sort: 'cpu.desc',
    after: 'c3',
    skipped: '50',
  })
  expect(parseListQuery(query as Record<string, string>)).toEqual(list)
  expect(filterCount(list)).toBe(5)
  expect(toFilter(list)?.tags).toEqual([
    { key: 'team', value: 'forge' },
    { key: 'gpu', value: '' },
  ])
})

test('an address with nonsense in it shows what is left', () => {
  const list = parseListQuery({
    status: 'running,nonsense',
    provider: ['fly', '', null, 'fly'],
    region: '',
    sort: 'colour.desc',
    skipped: '-3',
    after: null,
  })
  expect(list).toMatchObject({
    status: ['RUNNING'],
    provider: ['fly'],
    region: [],
    sort: 'NAME',
    skipped: 0,
    after: null,
  })
})

test('a value of a tag may have a sign of equality', () => {
  expect(parseTag('image=a=b')).toEqual({ key: 'image', value: 'a=b' })
  expect(parseTag(' gpu ')).toEqual({ key: 'gpu', value: '' })
})

test('two lists are the same whatever was chosen first, and on every page', () => {
  const list = { ...EVERYTHING, provider: ['fly', 'docker'] }
  expect(isSameList(list, { ...list, provider: ['docker', 'fly'], after: 'x', skipped: 50 })).toBe(true)
  expect(isSameList(list, { ...list, descending: true })).toBe(false)
  expect(isSameList(list, { ...list, region: ['fly'], provider: ['docker'] })).toBe(false)
})
