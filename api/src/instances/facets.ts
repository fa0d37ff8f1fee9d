// What there is to choose from in a list of instances: every value with how many have it, counted in one pass over the fleet.
// Those that are alike in all of it are counted first: taking the tags of 10 000 instances apart took longer than all the rest.
import type { Choice, InstanceFacets, InstancesArgs } from '@sindri/schema'
import type { Status } from '@sindri/schema/contract/status'
import type { Db } from '../platform/db.ts'
import { matches, statusSql } from './page.ts'

/** More are found by typing; a menu of thousands finds nothing. */
const choicesMax = 200

interface Row {
  facet: 'all' | 'status' | 'provider' | 'region' | 'tag'
  value: string
  more: string
  n: number
}

const choices = (facet: string, value: string, more: string, from: string): string =>
  `(select '${facet}' as facet, ${value} as value, ${more} as more, sum(n)::int8 as n from ${from}
    group by 2, 3 order by n desc, 2, 3 limit ${choicesMax})`

export const facetsOf = async (db: Pick<Db, 'query'>): Promise<InstanceFacets> => {
  const rows = await db.query<Row>(
    `with fleet as materialized (
       select ${statusSql} as status, i.provider, i.region, i.tags, count(*) as n from instances i where i.deleted_at is null group by 1, 2, 3, 4
     )
     select 'all' as facet, '' as value, '' as more, coalesce(sum(n), 0)::int8 as n from fleet
     union all ${choices('status', 'status', `''`, 'fleet')}
     union all ${choices('provider', 'provider', `''`, 'fleet where provider is not null')}
     union all ${choices('region', 'region', `''`, 'fleet where region is not null')}
     union all ${choices('tag', 'tag.key', 'tag.value', 'fleet, jsonb_each_text(tags) tag')}`,
  )
  const of = (facet: Row['facet']): Row[] => rows.filter((row) => row.facet === facet)
  const named = (facet: Row['facet']): Choice[] => of(facet).map(({ value, n }) => ({ value, count: n }))
  return {
    count: of('all')[0]?.n ?? 0,
    statuses: of('status').map(({ value, n }) => ({ value: value as Status, count: n })),
    providers: named('provider'),
    regions: named('region'),
    tags: of('tag').map(({ value, more, n }) => ({ key: value, value: more, count: n })),
  }
}

export const countOf = async (
  db: Pick<Db, 'query'>,
  { filter, search }: Pick<InstancesArgs, 'filter' | 'search'>,
): Promise<number> => {
  const { where, params } = matches(filter ?? {}, search)
  const [all] = await db.query<{ n: number }>(`select count(*) as n from instances i where ${where}`, params)
  return all?.n ?? 0
}
