// Events as they are recorded: none left out over an interruption of the bus, none twice, in bounded memory.
import type { FleetEvent } from '@sindri/schema'
import type { Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import type { Log } from '../platform/log.ts'
import { sift } from '../platform/sift.ts'
import { tail } from '../platform/tail.ts'
import { topics } from '../platform/topics.ts'
import { type EventRow, numOf, selectEvents, toEvent } from './page.ts'

export interface WatchDeps {
  db: Pick<Db, 'query'>
  bus: Pick<Bus, 'subscribe'>
  clock: Clock
  log: Log
}

/** A row becomes visible with its commit; none takes longer than the 15 s that a transaction may. */
const overlapMs = 20_000
const pageSize = 500

/** Reads what was recorded from here on, by the database's clock; again and again, each time with an overlap. */
const openReader = async (db: WatchDeps['db'], num: number | null): Promise<() => Promise<FleetEvent[]>> => {
  const [start] = await db.query<{ now: Date; known: string[] }>(
    `select now() as now, array(select id from events where recorded_at > now() - $1 * interval '1 ms') as known`,
    [overlapMs],
  )
  /** Recorded before, and within the overlap. */
  const known = new Set(start?.known)
  let newest = start?.now ?? new Date(0)
  /** The last row of a full page: the next call goes on behind it. */
  let behind: EventRow | undefined
  return async () => {
    const rows = await db.query<EventRow>(
      `${selectEvents} where (e.recorded_at, e.id) > ($1::timestamptz, $2) and ($3::int4 is null or e.instance_num = $3)
       order by e.recorded_at, e.id limit ${pageSize}`,
      [behind?.recorded_at ?? new Date(newest.getTime() - overlapMs), behind?.id ?? '', num],
    )
    const last = rows.at(-1)
    if (last && last.recorded_at > newest) newest = last.recorded_at
    behind = rows.length === pageSize ? last : undefined
    return rows.filter(({ id }) => !known.has(id)).map(toEvent)
  }
}

export const watchEvents = async (
  { db, bus, clock, log }: WatchDeps,
  instanceId: string | null,
): Promise<AsyncIterable<FleetEvent>> => {
  const num = instanceId === null ? null : await numOf(db, instanceId)
  const read = await openReader(db, num)
  const events = await tail<FleetEvent>({
    subscribe: () => bus.subscribe(topics.eventRecorded, 'all'),
    read,
    pageSize,
    keyOf: ({ id }) => id,
    clock,
    onError: (error) => log.warn('events could not be read again; they come with the next time', { error }),
  })
  // One instance's watcher hears of all, since events are few.
  return instanceId === null ? events : sift(events, (event) => (event.instanceId === instanceId ? event : undefined))
}
