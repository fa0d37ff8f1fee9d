// What the list of instances shows, as it stands in the address: search, statuses, order, page.
import { STATUSES, type Status } from '@sindri/schema/contract/status'
import type { LocationQuery, LocationQueryRaw } from 'vue-router'
import type { InstanceSortField, InstancesQueryVariables } from '../graph/gql/graphql.ts'

export interface ListQuery {
  search: string
  status: Status[]
  sort: InstanceSortField
  descending: boolean
  after: string | null
  /** Rows before this page, for "51–100 of 128". */
  skipped: number
}

const PAGE_ROWS = 50

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

const textOf = (value: LocationQuery[string] | undefined): string => (Array.isArray(value) ? value[0] : value) ?? ''

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

export const toVariables = (list: ListQuery): InstancesQueryVariables => ({
  search: list.search || null,
  filter: list.status.length > 0 ? { status: list.status } : null,
  sort: { field: list.sort, descending: list.descending },
  first: PAGE_ROWS,
  after: list.after,
})

export const filterCount = (list: ListQuery): number => (list.search ? 1 : 0) + (list.status.length > 0 ? 1 : 0)
