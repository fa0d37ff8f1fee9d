// What the list of instances shows, as it stands in the address: search, filters, order, page.
import { STATUSES, type Status } from '@sindri/schema/contract/status'
import type { LocationQuery, LocationQueryRaw } from 'vue-router'
import type { InstanceFilter, InstanceSortField, InstancesQueryVariables } from '../graph/gql/graphql.ts'

export interface ListQuery {
  search: string
  status: Status[]
  provider: string[]
  region: string[]
  /** "team=forge"; "team" stands for any value. */
  tag: string[]
  sort: InstanceSortField
  descending: boolean
  after: string | null
  /** Rows before this page, for "51–100 of 128". */
  skipped: number
}

/** What can be filtered by, beside the search. */
export const FILTERS = ['status', 'provider', 'region', 'tag'] as const
export type Filter = (typeof FILTERS)[number]
export type Filters = Pick<ListQuery, 'search' | Filter>

const PAGE_ROWS = 50
/** The console refuses longer lists. */
const CHOICES_MAX = 100

const SORTS: Record<string, InstanceSortField> = {
  name: 'NAME',
  status: 'STATUS',
  enrolled: 'CREATED_AT',
  seen: 'LAST_SEEN_AT',
  cpu: 'CPU',
  memory: 'MEMORY',
  disk: 'DISK',
}

/** Where a column begins when it is chosen: figures with the largest. */
export const descendsFirst = (sort: InstanceSortField): boolean => sort !== 'NAME' && sort !== 'STATUS'

export const EVERYTHING: ListQuery = {
  search: '',
  status: [],
  provider: [],
  region: [],
  tag: [],
  sort: 'NAME',
  descending: false,
  after: null,
  skipped: 0,
}

/** What a person should look at, as far as it shows in a status. */
export const UNHEALTHY: readonly Status[] = STATUSES.filter((status) => ['STALE', 'OFFLINE', 'ERROR'].includes(status))

const textOf = (value: LocationQuery[string] | undefined): string => (Array.isArray(value) ? value[0] : value) ?? ''
const textsOf = (value: LocationQuery[string] | undefined): string[] =>
  [...new Set([value].flat().filter((text) => typeof text === 'string' && text !== ''))].slice(
    0,
    CHOICES_MAX,
  ) as string[]

/** Whatever is unknown in an address is left out, never refused. */
export const parseListQuery = (query: LocationQuery): ListQuery => {
  const [name = '', direction] = textOf(query['sort']).split('.')
  const sort = SORTS[name] ?? 'NAME'
  const wanted = new Set(textOf(query['status']).toUpperCase().split(','))
  const skipped = Number(textOf(query['skipped']))
  const after = textOf(query['after']) || null
  return {
    search: textOf(query['search']),
    status: STATUSES.filter((status) => wanted.has(status)),
    provider: textsOf(query['provider']),
    region: textsOf(query['region']),
    tag: textsOf(query['tag']),
    sort,
    descending: direction === 'desc',
    after,
    skipped: after && Number.isSafeInteger(skipped) && skipped > 0 ? skipped : 0,
  }
}

export const printListQuery = (list: ListQuery): LocationQueryRaw => {
  const query: LocationQueryRaw = {}
  if (list.search) query['search'] = list.search
  if (list.status.length > 0) query['status'] = list.status.join(',').toLowerCase()
  for (const filter of ['provider', 'region', 'tag'] as const) if (list[filter].length > 0) query[filter] = list[filter]
  if (list.sort !== 'NAME' || list.descending) {
    const name = Object.keys(SORTS).find((key) => SORTS[key] === list.sort) ?? 'name'
    query['sort'] = list.descending ? `${name}.desc` : name
  }
  if (list.after) {
    query['after'] = list.after
    query['skipped'] = String(list.skipped)
  }
  return query
}

/** As in the menu of tags: the first "=" parts a key, which has none, from its value. */
export const printTag = ({ key, value }: { key: string; value: string }): string => (value ? `${key}=${value}` : key)
export const parseTag = (text: string): { key: string; value: string } => {
  const [key = '', ...value] = text.split('=')
  return { key: key.trim(), value: value.join('=').trim() }
}

/** The part that decides which instances there are; null: all of them. */
export const toFilter = ({ status, provider, region, tag }: Pick<Filters, Filter>): InstanceFilter | null => {
  const filter = {
    ...(status.length > 0 && { status }),
    ...(provider.length > 0 && { provider }),
    ...(region.length > 0 && { region }),
    ...(tag.length > 0 && { tags: tag.map(parseTag) }),
  }
  return Object.keys(filter).length > 0 ? filter : null
}

export const toVariables = (list: ListQuery): InstancesQueryVariables => ({
  search: list.search || null,
  filter: toFilter(list),
  sort: { field: list.sort, descending: list.descending },
  first: PAGE_ROWS,
  after: list.after,
})

export const filterCount = (list: Filters): number =>
  (list.search ? 1 : 0) + FILTERS.filter((filter) => list[filter].length > 0).length

/** Whether both show the same, on whichever page; the order in which something was chosen means nothing. */
export const isSameList = (a: ListQuery, b: ListQuery): boolean => {
  const key = (list: ListQuery) =>
    JSON.stringify([list.search, ...FILTERS.map((filter) => [...list[filter]].sort()), list.sort, list.descending])
  return key(a) === key(b)
}
