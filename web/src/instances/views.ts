// Views as the address and as the console have them.
import type { SavedViewFragment, ViewInput } from '../graph/gql/graphql.ts'
import { type ListQuery, EVERYTHING, printTag, toFilter } from './listQuery.ts'

export const toList = (view: SavedViewFragment): ListQuery => ({
  ...EVERYTHING,
  search: view.search,
  status: [...view.status],
  provider: [...view.provider],
  region: [...view.region],
  tag: view.tags.map(printTag),
  sort: view.sort,
  descending: view.descending,
})

export const toViewInput = (name: string, list: ListQuery): ViewInput => ({
  name,
  search: list.search,
  filter: toFilter(list),
  sort: { field: list.sort, descending: list.descending },
})

/** The ids in the order in which this view has moved by one place. */
export const moved = (ids: readonly string[], id: string, by: -1 | 1): string[] => {
  const from = ids.indexOf(id)
  const to = from + by
  if (from < 0 || to < 0 || to >= ids.length) return [...ids]
  const rest = ids.filter((other) => other !== id)
  return [...rest.slice(0, to), id, ...rest.slice(to)]
}
