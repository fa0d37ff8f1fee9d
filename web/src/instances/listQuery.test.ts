import { expect, test } from 'vitest'
import { parseListQuery, printListQuery } from './listQuery.ts'

test('an empty address is the whole fleet by name', () => {
  expect(parseListQuery({})).toEqual({
    search: '',
    status: [],
    sort: 'NAME',
    descending: false,
    after: null,
    skipped: 0,
  })
  expect(printListQuery(parseListQuery({}))).toEqual({})
})

test('what is printed reads back the same', () => {
  const list = {
    search: 'forge',
    status: ['RUNNING', 'STALE'],
    sort: 'CPU',
    descending: true,
    after: 'c3',
    skipped: 50,
  } as const
  const query = printListQuery({ ...list, status: [...list.status] })
  expect(query).toEqual({ search: 'forge', status: 'running,stale', sort: 'cpu.desc', after: 'c3', skipped: '50' })
  expect(parseListQuery(query as Record<string, string>)).toEqual(list)
})

test('an address with nonsense in it shows what is left', () => {
  const list = parseListQuery({ status: 'running,nonsense', sort: 'colour.desc', skipped: '-3', after: null })
  expect(list).toMatchObject({ status: ['RUNNING'], sort: 'NAME', skipped: 0, after: null })
})
