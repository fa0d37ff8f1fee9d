// What needs somebody now: silent and unsteady instances, take-overs without an answer, refused acts, each for those who may know.
import { type Concern, type ConcernCase, type ConcernKind, CONCERNS, type Viewer } from '@sindri/schema'
import { type Action, can } from '@sindri/schema/contract/roles'
import type { Db } from '../platform/db.ts'

const casesMax = 5
/** Losing the link once is an accident, and twice a bad hour. */
const flapsMin = 3

/** Each gives (kind, at, instance_id, name, detail, times). */
const SOURCES: { sql: string; needs?: Action }[] = [
  {
    sql: `select i.liveness::text as kind, i.liveness_at as at, i.id as instance_id, i.name, null as detail, 1 as times
      from instances i where i.lifecycle = 'ACTIVE' and i.liveness in ('OFFLINE', 'STALE') and i.deleted_at is null`,
  },
  {
    sql: `select 'FLAPPING', lost.at, i.id, i.name, null, lost.times
      from (select e.instance_num, max(e.at) as at, count(*)::int4 as times from events e
        where e.type = 'HEARTBEAT_LOST' and e.at > now() - interval '1 hour' group by e.instance_num having count(*) >= ${flapsMin}) lost
      join instances i on i.num = lost.instance_num where i.deleted_at is null`,
  },
  {
    needs: 'takeover.read',
    sql: `select 'TAKEOVER', t.last_seen_at, i.id, i.name, t.address, 1
      from takeover_requests t join instances i on i.id = t.instance_id where t.state = 'PENDING' and i.deleted_at is null`,
  },
  {
    needs: 'audit.read',
    sql: `select 'DENIED', a.at, null, a.actor_name, a.action, 1
      from audit_entries a where a.outcome = 'DENIED' and a.at > now() - interval '1 day'`,
  },
]

interface Row extends ConcernCase {
  kind: ConcernKind
  count: number
}

export const concernsOf = async (db: Pick<Db, 'query'>, viewer: Viewer): Promise<Concern[]> => {
  const known = SOURCES.filter(({ needs }) => !needs || can(viewer, needs))
  const rows = await db.query<Row>(
    `select kind, count::int4, at, instance_id as "instanceId", name, detail, times from (
       select cases.*, count(*) over (partition by kind) as count, row_number() over (partition by kind order by at desc, name) as place
       from (${known.map(({ sql }) => sql).join(' union all ')}) as cases
     ) ranked where place <= ${casesMax} order by place`,
  )
  return CONCERNS.flatMap((kind) => {
    const found = rows.filter((row) => row.kind === kind)
    const [first] = found
    return first ? [{ kind, count: first.count, latest: found }] : []
  })
}
