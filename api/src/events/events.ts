// Events: what agents and the console saw happen, kept once each, told to whoever watches, and forgotten after 400 days.
import type { AgentViewer, Events, EventType, FleetEvent, PublishAnswer } from '@sindri/schema'
import { LIMITS } from '@sindri/schema/contract/limits'
import type { Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db, Tx } from '../platform/db.ts'
import { prepared } from '../platform/prepared.ts'
import { deleteSome, soberNow } from '../platform/expire.ts'
import type { Ids } from '../platform/ids.ts'
import type { Jobs } from '../platform/jobs.ts'
import type { Log } from '../platform/log.ts'
import { checkRecords, type CountRecords, superseded, toAnswer } from '../platform/records.ts'
import { topics } from '../platform/topics.ts'
import { checkEvent } from './check.ts'
import { pageEvents } from './page.ts'
import { watchEvents } from './watch.ts'

export interface EventsDeps {
  db: Db
  bus: Bus
  clock: Clock
  ids: Ids
  jobs: Jobs
  log: Log
  count: CountRecords
}

/** What the console itself saw. */
export interface Observation {
  instanceId: string
  instanceNum: number
  instanceName: string
  type: EventType
  message: string
  metadata: Record<string, unknown>
}

export interface EventsService extends Events {
  /** Writes within the transaction of what was seen; the answer tells the world, to be called once that is committed. */
  record(tx: Pick<Tx, 'query'>, observations: readonly Observation[]): Promise<() => void>
  start(): () => Promise<void>
}

export const EVENTS_KEPT_MS = 400 * 86_400_000
const retentionEveryMs = 3_600_000

const publishStatement = prepared(`
with link as materialized (select num from instances where num = $1 and epoch = $2 and deleted_at is null),
inserted as (
  insert into events (id, instance_num, run, seq, type, message, metadata, at)
  select r.id, link.num, r.run, r.seq, r.type, r.message, r.metadata, r.at
  from link, unnest($3::text[], $4::uuid[], $5::int4[], $6::text[], $7::text[], $8::jsonb[], $9::timestamptz[])
    as r (id, run, seq, type, message, metadata, at)
  order by r.run, r.seq
  on conflict (instance_num, run, seq) do nothing returning id
)
select exists (select 1 from link) as current, array(select id from inserted) as stored`)

const recordStatement = prepared(`
insert into events (id, instance_num, type, message, metadata, at)
select r.id, r.num, r.type, r.message, r.metadata, now()
from unnest($1::text[], $2::int4[], $3::text[], $4::text[], $5::jsonb[]) as r (id, num, type, message, metadata)
returning id, at`)

export const createEvents = (deps: EventsDeps): EventsService => {
  const { db, bus, clock, ids, jobs, count } = deps
  const tell = (events: readonly FleetEvent[]): void => {
    for (const event of events) bus.publish(topics.eventRecorded, 'all', event)
  }

  const publish = async (agent: AgentViewer, records: readonly unknown[]): Promise<PublishAnswer> => {
    const window = { nowMs: clock.now(), pastMs: LIMITS.atPastMs }
    const checked = checkRecords(records, (record) => ({ ...checkEvent(record, window), id: ids.make('event') }))
    const events = checked.accepted.map(({ record }) => record)
    if (events.length === 0) return toAnswer(records.length, checked, [])
    const [answer] = await db.query<{ current: boolean; stored: string[] }>(publishStatement, [
      agent.num,
      agent.epoch,
      events.map(({ id }) => id),
      events.map(({ run }) => run),
      events.map(({ seq }) => seq),
      events.map(({ type }) => type),
      events.map(({ message }) => message),
      events.map(({ metadata }) => metadata),
      events.map(({ at }) => at),
    ])
    if (!answer?.current) throw superseded()
    const stored = new Set(answer.stored)
    tell(
      events
        .filter(({ id }) => stored.has(id))
        .map(({ id, type, message, metadata, at }) => ({
          id,
          instanceId: agent.id,
          instanceName: agent.name,
          type,
          message,
          metadata: JSON.parse(metadata) as unknown,
          at,
        })),
    )
    return toAnswer(
      records.length,
      checked,
      events.map(({ id }) => stored.has(id)),
    )
  }

  return {
    page: (_viewer, args) => pageEvents(db, args),
    watch: (_viewer, instanceId) => watchEvents(deps, instanceId),

    async publish(agent, records) {
      const answer = await publish(agent, records)
      count('events', answer)
      return answer
    },

    async record(tx, observations) {
      if (observations.length === 0) return () => {}
      const seen = observations.map((observation) => ({ ...observation, id: ids.make('event') }))
      const rows = await tx.query<{ id: string; at: Date }>(recordStatement, [
        seen.map(({ id }) => id),
        seen.map(({ instanceNum }) => instanceNum),
        seen.map(({ type }) => type),
        seen.map(({ message }) => message),
        seen.map(({ metadata }) => JSON.stringify(metadata)),
      ])
      const at = new Map(rows.map((row) => [row.id, row.at]))
      return () =>
        tell(seen.map(({ instanceNum: _, ...event }) => ({ ...event, at: at.get(event.id) ?? new Date(clock.now()) })))
    },

    start: () =>
      jobs.start({
        name: 'event-retention',
        intervalMs: retentionEveryMs,
        async run(signal) {
          const before = new Date((await soberNow(db.query, clock)) - EVENTS_KEPT_MS)
          await deleteSome(db.query, 'events', 'at < $1', [before], signal)
        },
      }),
  }
}
