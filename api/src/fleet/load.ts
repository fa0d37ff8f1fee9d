// How loaded each instance is, read from narrow columns in one statement and handed out as columns.
import type { FleetLoad } from '@sindri/schema'
import { type Lifecycle, type Liveness, type Status, statusOf } from '@sindri/schema/contract/status'
import type { Db } from '../platform/db.ts'

/** An instance as the load shows it. */
export interface Member {
  id: string
  name: string
  status: Status
  provider: string | null
  cpu: number | null
  memory: number | null
  disk: number | null
  network: number | null
}

interface Row {
  id: string
  name: string
  provider: string | null
  lifecycle: Lifecycle
  liveness: Liveness
  gone: boolean
  cpu: number | null
  memory: number | null
  disk: number | null
  network: number | null
}

/** A sample older than three intervals, and than a minute, says nothing about now. */
const fresh = `m.at > now() - greatest(3 * i.metrics_ms, 60000) * interval '1 ms'`

const select = `
select i.id, i.name, i.provider, i.lifecycle, i.liveness, i.deleted_at is not null as gone,
  round(m.cpu)::int4 as cpu, round(100 * m.memory)::int4 as memory, round(100 * m.disk)::int4 as disk, m.network::float8 as network
from instances i left join metric_latest m on m.instance = i.num and ${fresh}`

/** To two digits: what jitters below them is no news. */
const twoDigits = (value: number | null): number | null => (value === null ? null : Number(value.toPrecision(2)))

const toMember = ({ gone: _, lifecycle, liveness, ...row }: Row): Member => ({
  ...row,
  status: statusOf(lifecycle, liveness),
  network: twoDigits(row.network),
})

/** In the order of enrolment, which no change disturbs. */
export const readMembers = async (db: Pick<Db, 'query'>): Promise<Member[]> =>
  (await db.query<Row>(`${select} where i.deleted_at is null order by i.num`)).map(toMember)

/** Those that may have changed since; one that is gone comes with null. */
export const readChanged = async (
  db: Pick<Db, 'query'>,
  since: Date,
): Promise<{ id: string; member: Member | null }[]> => {
  const rows = await db.query<Row>(`${select} where i.changed_at > $1 or (m.at > $1 and i.deleted_at is null)`, [since])
  return rows.map((row) => ({ id: row.id, member: row.gone ? null : toMember(row) }))
}

export const toLoad = (members: readonly Member[]): FleetLoad => ({
  ids: members.map(({ id }) => id),
  names: members.map(({ name }) => name),
  statuses: members.map(({ status }) => status),
  providers: members.map(({ provider }) => provider),
  cpu: members.map(({ cpu }) => cpu),
  memory: members.map(({ memory }) => memory),
  disk: members.map(({ disk }) => disk),
  network: members.map(({ network }) => network),
})
