import { expect, test } from 'vitest'
import type { FleetColumnsFragment } from '../graph/gql/graphql.ts'
import { busiest, countStatuses, foldSquares, type Square, toGroups, toSquares } from './squares.ts'

const columns = (...squares: Partial<Square>[]): FleetColumnsFragment => ({
  ids: squares.map(({ id }) => id ?? ''),
  names: squares.map(({ id, name }) => name ?? id ?? ''),
  statuses: squares.map(({ status }) => status ?? 'RUNNING'),
  providers: squares.map(({ provider }) => provider ?? null),
  cpu: squares.map(({ cpu }) => cpu ?? null),
  memory: squares.map(() => null),
  disk: squares.map(() => null),
  network: squares.map(() => null),
})
const read = (...squares: Partial<Square>[]) => ({ list: toSquares(columns(...squares)), readAt: 1 })
const shown = ({ list }: { list: readonly Square[] }) => list.map(({ id, cpu }) => `${id} ${cpu}`)

test('who changes stays in place, who comes stands at the end, who goes leaves no hole', () => {
  const state = read({ id: 'a', cpu: 1 }, { id: 'b', cpu: 2 }, { id: 'c', cpu: 3 })
  const change = { load: columns({ id: 'd', cpu: 4 }, { id: 'c', cpu: 9 }), removed: ['b', 'x'] }
  const folded = foldSquares(state, change)
  expect(shown(folded)).toEqual(['a 1', 'c 9', 'd 4'])
  expect(foldSquares(folded, change)).toEqual(folded)
})

test('providers are counted under the name they are shown by, those that report none last', () => {
  const { list } = read(
    { id: 'a' },
    { id: 'b' },
    { id: 'c' },
    { id: 'd', provider: 'k8s' },
    { id: 'e', provider: 'kubernetes' },
    { id: 'f', provider: 'fly' },
  )
  expect(toGroups(list).map(({ provider, squares }) => [provider, squares.length])).toEqual([
    ['Kubernetes', 2],
    ['Fly.io', 1],
    [null, 3],
  ])
})

test('statuses are counted in their order, and those that nobody has are left out', () => {
  const { list } = read({ id: 'a', status: 'OFFLINE' }, { id: 'b' }, { id: 'c' })
  expect(countStatuses(list)).toEqual([
    { status: 'RUNNING', count: 2 },
    { status: 'OFFLINE', count: 1 },
  ])
})

test('the busiest are those that run, by their processors', () => {
  const { list } = read(
    { id: 'idle', cpu: 0 },
    { id: 'gone', cpu: 99, status: 'OFFLINE' },
    { id: 'new' },
    { id: 'hot', cpu: 97 },
    { id: 'warm', cpu: 40 },
  )
  expect(busiest(list, 2).map(({ id }) => id)).toEqual(['hot', 'warm'])
})
