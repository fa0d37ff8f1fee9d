// The fleet as squares: read as columns, folded by what changed, counted and grouped for the screen.
import { STATUSES, type Status } from '@sindri/schema/contract/status'
import type { FleetChangedSubscription, FleetColumnsFragment } from '../graph/gql/graphql.ts'
import { providerWord } from '../ui/instanceWords.ts'

export const FIGURES = ['cpu', 'memory', 'disk', 'network'] as const
export type Figure = (typeof FIGURES)[number]

export type Square = { id: string; name: string; status: Status; provider: string | null } & Record<
  Figure,
  number | null
>

export interface Squares {
  /** In the order of enrolment: who comes new stands at the end, and nobody moves. */
  list: readonly Square[]
  readAt: number
}

export const toSquares = (columns: FleetColumnsFragment): Square[] =>
  columns.ids.map((id, at) => ({
    id,
    name: columns.names[at] ?? id,
    status: columns.statuses[at] ?? 'UNKNOWN',
    provider: columns.providers[at] ?? null,
    cpu: columns.cpu[at] ?? null,
    memory: columns.memory[at] ?? null,
    disk: columns.disk[at] ?? null,
    network: columns.network[at] ?? null,
  }))

export const foldSquares = (
  { list, readAt }: Squares,
  { load, removed }: FleetChangedSubscription['fleetChanged'],
): Squares => {
  const changed = new Map(toSquares(load).map((square) => [square.id, square]))
  const gone = new Set(removed)
  const kept = (gone.size > 0 ? list.filter(({ id }) => !gone.has(id)) : list).map((square) => {
    const now = changed.get(square.id)
    if (now) changed.delete(square.id)
    return now ?? square
  })
  return { list: [...kept, ...changed.values()], readAt }
}

/** How many have each status that is there at all, in the order of statuses. */
export const countStatuses = (list: readonly Square[]): { status: Status; count: number }[] => {
  const counts = new Map<Status, number>()
  for (const { status } of list) counts.set(status, (counts.get(status) ?? 0) + 1)
  return STATUSES.map((status) => ({ status, count: counts.get(status) ?? 0 })).filter(({ count }) => count > 0)
}

export interface Group {
  /** What the provider is called; null where none is reported. */
  provider: string | null
  squares: Square[]
}

/** By provider, the largest first; who reports none comes last. */
export const toGroups = (list: readonly Square[]): Group[] => {
  const groups = new Map<string | null, Square[]>()
  for (const square of list) {
    const provider = providerWord(square.provider)
    const squares = groups.get(provider)
    if (squares) squares.push(square)
    else groups.set(provider, [square])
  }
  return [...groups]
    .map(([provider, squares]) => ({ provider, squares }))
    .toSorted(
      (a, b) =>
        Number(a.provider === null) - Number(b.provider === null) ||
        b.squares.length - a.squares.length ||
        (a.provider ?? '').localeCompare(b.provider ?? ''),
    )
}

/** Those that run, by CPU. */
export const busiest = (list: readonly Square[], most: number): Square[] =>
  list
    .filter(({ status, cpu }) => status === 'RUNNING' && cpu !== null)
    .toSorted((a, b) => (b.cpu ?? 0) - (a.cpu ?? 0) || a.name.localeCompare(b.name))
    .slice(0, most)
