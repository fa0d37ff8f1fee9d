import { expect, test } from 'vitest'
import type { InstanceRowFragment } from '../graph/gql/graphql.ts'
import { foldNewcomer, toNewcomers } from './newcomers.ts'

const instance = (id: string, minute: number, status: InstanceRowFragment['status'] = 'UNKNOWN') =>
  ({ id, name: id, status, createdAt: `2026-01-01T00:0${minute}:00.000Z` }) as InstanceRowFragment
const ids = ({ instances }: { instances: InstanceRowFragment[] }) => instances.map(({ id }) => id)

test('who was there at the first read is not new, and does not become it by a change', () => {
  const first = toNewcomers([instance('b', 2), instance('a', 1)], undefined)
  expect(ids(first)).toEqual([])
  expect(ids(foldNewcomer(first, { id: 'a', instance: instance('a', 1, 'RUNNING') }))).toEqual([])
})

test('who enrols later appears, moves on in its place, and goes when it is removed', () => {
  const first = toNewcomers([instance('a', 1)], undefined)
  const two = [instance('b', 2), instance('c', 3), instance('b', 2, 'RUNNING')].reduce(
    (state, one) => foldNewcomer(state, { id: one.id, instance: one }),
    first,
  )
  expect(two.instances.map(({ id, status }) => [id, status])).toEqual([
    ['c', 'UNKNOWN'],
    ['b', 'RUNNING'],
  ])
  expect(ids(foldNewcomer(two, { id: 'c', instance: null }))).toEqual(['b'])
})

test('a later read finds what no message told', () => {
  const first = toNewcomers([instance('a', 1)], undefined)
  expect(ids(toNewcomers([instance('b', 2), instance('a', 1)], first))).toEqual(['b'])
})

test('in an empty fleet everybody is new', () => {
  expect(ids(foldNewcomer(toNewcomers([], undefined), { id: 'a', instance: instance('a', 1) }))).toEqual(['a'])
})
