// Instances as they change: notices of the bus say which, the database says how they are now.
import type { InstanceChange } from '@sindri/schema'
import { badInput } from '@sindri/schema/contract/codes'
import type { Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import type { Log } from '../platform/log.ts'
import { sift } from '../platform/sift.ts'
import { tail } from '../platform/tail.ts'
import { createTogether } from '../platform/together.ts'
import { topics } from '../platform/topics.ts'
import { versionsOf } from '../platform/versions.ts'
import { type InstanceRow, toInstance } from './row.ts'

interface Deps {
  db: Db
  bus: Bus
  clock: Clock
  log: Log
}

/** A version of an instance. */
interface Version {
  id: string
  revision: number
  changed_at: Date
}
type Row = InstanceRow & Version

const watchedMax = 200
/** A change becomes visible when its transaction commits, which may be this long after the time it carries. */
const overlapMs = 20_000

export const createChanges = ({
  db,
  bus,
  clock,
  log,
}: Deps): ((ids: string[] | null) => Promise<AsyncIterable<InstanceChange>>) => {
  const load = createTogether<Row>((ids) => db.query<Row>('select * from instances where id = any($1::text[])', [ids]))

  const read = (sinceMs: number, ids: string[] | null): Promise<Row[]> =>
    db.query<Row>(
      `select * from instances where changed_at > $1 and ($2::text[] is null or id = any($2)) order by changed_at, id`,
      [new Date(sinceMs - overlapMs), ids],
    )
  /** What changed since each of these moments: thousands who watch the whole fleet read it again in the same second. */
  const fleet = createTogether<{ id: string; rows: Row[] }>(async (moments) => {
    const rows = await read(Math.min(...moments.map(Number)), null)
    return moments.map((id) => ({
      id,
      rows: rows.filter(({ changed_at }) => changed_at.getTime() > Number(id) - overlapMs),
    }))
  })

  /** One for all who watch: what it is answered with is made once. */
  const changes = new WeakMap<Row, InstanceChange>()
  const toChange = (row: Row): InstanceChange => {
    let change = changes.get(row)
    if (!change) changes.set(row, (change = { id: row.id, instance: row.deleted_at ? null : toInstance(row) }))
    return change
  }

  return async (ids) => {
    if (ids && ids.length > watchedMax) throw badInput('ids', `at most ${watchedMax} ids`, ids.length)
    const only = ids && new Set(ids)
    let begun: Date | undefined
    const items = await tail<Row>({
      clock,
      subscribe: async () =>
        versionsOf<Row>(await bus.subscribe(topics.instanceChanged, 'all'), {
          load: async (id) => (!only || only.has(id) ? load(id) : undefined),
          onError: (id, error) => log.debug('an instance that changed could not be read', { id, error }),
        }),
      async read(since) {
        if (!begun) {
          // What changed before somebody began to look is not their news.
          const [row] = await db.query<{ now: Date }>('select now() as now')
          begun = row?.now
          return []
        }
        const sinceMs = (since?.changed_at ?? begun).getTime()
        return only ? read(sinceMs, [...only]) : ((await fleet(String(sinceMs)))?.rows ?? [])
      },
      keyOf: ({ id, revision }) => `${id}@${revision}`,
      onError: (error) => log.debug('changes of instances could not be read', { error }),
    })
    return sift(items, toChange)
  }
}
