// A page of the fleet: filter, search, order and cursor become one statement, so that a page never depends on the size of the fleet in memory.
import type { InstanceFilter, InstancesArgs, InstanceSortField, Page, Instance } from '@sindri/schema'
import { badInput } from '@sindri/schema/contract/codes'
import { LIMITS } from '@sindri/schema/contract/limits'
import { LIFECYCLES, LIVENESSES, STATUSES, statusOf } from '@sindri/schema/contract/status'
import type { Db } from '../platform/db.ts'
import { pageSize, readCursor, toPage } from '../platform/paging.ts'
import { textOf } from '../platform/records.ts'
import { likePart, searchOf } from '../platform/text.ts'
import { type InstanceRow, toInstance } from './row.ts'

/** The same function as in the contract, spelled out for the database. */
export const statusSql = `case i.lifecycle ${LIFECYCLES.map((lifecycle) => {
  const shown = LIVENESSES.map((liveness) => statusOf(lifecycle, liveness))
  const [first] = shown
  return shown.every((one) => one === first)
    ? `when '${lifecycle}' then '${first}'`
    : `when '${lifecycle}' then case i.liveness ${LIVENESSES.map((liveness, n) => `when '${liveness}' then '${shown[n]}'`).join(' ')} end`
}).join(' ')} end`

/** What each order sorts by, and how it travels in a cursor. Missing values come last in either direction. */
const SORTS: Record<InstanceSortField, { by: string; type: 'text' | 'float8' | 'timestamptz' }> = {
  NAME: { by: 'lower(i.name) collate "C"', type: 'text' },
  STATUS: {
    by: `(array_position(array[${STATUSES.map((one) => `'${one}'`).join(', ')}], ${statusSql}))::float8`,
    type: 'float8',
  },
  CREATED_AT: { by: 'i.created_at', type: 'timestamptz' },
  LAST_SEEN_AT: { by: 'i.last_seen_at', type: 'timestamptz' },
  CPU: { by: 'm.cpu::float8', type: 'float8' },
  MEMORY: { by: 'm.memory::float8', type: 'float8' },
  DISK: { by: 'm.disk::float8', type: 'float8' },
}

const listMax = 100
const wordsMax = 10

const list = <T>(path: string, values: readonly T[] | null | undefined): readonly T[] | null => {
  if (values === null || values === undefined) return null
  if (values.length > listMax) throw badInput(path, `a list of at most ${listMax}`, values.length)
  return values
}
const names = (path: string, values: readonly string[] | null | undefined): readonly string[] | null =>
  list(path, values)?.map((value, n) => textOf(`${path}[${n}]`, value, LIMITS.nameChars)) ?? null

/** A condition on `instances i`. */
export const matches = (
  filter: InstanceFilter,
  search: string | null | undefined,
): { where: string; params: unknown[] } => {
  const params: unknown[] = []
  const given = (value: unknown): string => `$${params.push(value)}`
  const parts = ['i.deleted_at is null']
  const statuses = list('filter.status', filter.status)
  if (statuses) parts.push(`${statusSql} = any(${given(statuses)}::text[])`)
  const providers = names('filter.provider', filter.provider)
  if (providers) parts.push(`i.provider = any(${given(providers)}::text[])`)
  const regions = names('filter.region', filter.region)
  if (regions) parts.push(`i.region = any(${given(regions)}::text[])`)
  const tags = list('filter.tags', filter.tags)?.map(({ key, value }, n) => ({
    key: textOf(`filter.tags[${n}].key`, key, LIMITS.nameChars),
    value: textOf(`filter.tags[${n}].value`, value, LIMITS.nameChars),
  }))
  for (const { key, value } of tags ?? []) {
    parts.push(value === '' ? `jsonb_exists(i.tags, ${given(key)})` : `i.tags @> ${given({ [key]: value })}::jsonb`)
  }
  const words = (searchOf('search', search, LIMITS.searchChars) ?? '').split(/\s+/).filter((word) => word !== '')
  if (words.length > wordsMax) throw badInput('search', `at most ${wordsMax} words`, words.length)
  for (const word of words) parts.push(`i.search_text like ${given(likePart(word))}`)
  return { where: parts.join(' and '), params }
}

export const pageOf = async (db: Pick<Db, 'query'>, args: InstancesArgs): Promise<Page<Instance>> => {
  const size = pageSize(args)
  const { field, descending } = args.sort ?? { field: 'NAME' as const }
  const { by, type } = SORTS[field]
  const after = readCursor<[string, string | number | null, string]>(args.after, [
    'string',
    type === 'float8' ? 'number?' : type === 'timestamptz' ? 'time?' : 'string?',
    'string',
  ])
  // A cursor names its order: in another one it would begin anywhere.
  const order = `${field}${descending ? '-' : '+'}`
  if (after && after[0] !== order) throw badInput('after', 'a cursor of this very list, in this order', args.after)
  const { where, params } = matches(args.filter ?? {}, args.search)
  const [value, name] = [`$${params.length + 1}::${type}`, `$${params.length + 2}::text`]
  const beyond = `(${value} is null and s.by is null and s.name > ${name})
    or (${value} is not null and (s.by is null or s.by ${descending ? '<' : '>'} ${value} or (s.by = ${value} and s.name > ${name})))`
  const sorted = `order by s.by ${descending ? 'desc' : 'asc'} nulls last, s.name`
  // Found once, both to be counted and to be sorted; narrow, so that sorting moves little. Without a join where the order needs none.
  const rows = await db.query<(InstanceRow | { id: null }) & { by: string | number | Date | null; total: number }>(
    `with found as materialized (
       select i.num, i.name collate "C" as name, ${by} as by from instances i left join metric_latest m on m.instance = i.num where ${where}
     ), page as (
       select s.* from found s ${after ? `where ${beyond}` : ''} ${sorted} limit ${size + 1}
     )
     select i.*, s.by, counted.total from (select count(*) as total from found) counted left join page s on true left join instances i on i.num = s.num
     ${sorted}`,
    [...params, ...(after?.slice(1) ?? [])],
  )
  return toPage(
    // Beyond the end there is the count alone.
    rows.filter((row) => row.id !== null),
    size,
    rows[0]?.total ?? 0,
    (row) => [order, row.by instanceof Date ? row.by.toISOString() : row.by, row.name],
    toInstance,
  )
}
