// Instances as they change: notices of the bus say which, the database says how they are now.
import type { InstanceChange } from '@sindri/schema'
import { badInput } from '@sindri/schema/contract/codes'
import { type Bus, gap, type Subscription } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import type { Log } from '../platform/log.ts'
import { tail } from '../platform/tail.ts'
import { topics } from '../platform/topics.ts'
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

/** Whoever asks within one tick shares one query: a hundred pages that look at the fleet cost as much as one. */
const createLoader = (db: Pick<Db, 'query'>): ((id: string) => Promise<Row | undefined>) => {
  let asked = new Map<string, PromiseWithResolvers<Row | undefined>>()
  const answer = async (): Promise<void> => {
    const asking = asked
    asked = new Map()
    try {
      const rows = await db.query<Row>('select * from instances where id = any($1::text[])', [[...asking.keys()]])
      for (const row of rows) asking.get(row.id)?.resolve(row)
      for (const { resolve } of asking.values()) resolve(undefined)
    } catch (error) {
      for (const { reject } of asking.values()) reject(error)
    }
  }
  return (id) => {
    const known = asked.get(id)
    if (known) return known.promise
    if (asked.size === 0) process.nextTick(() => void answer())
    const place = Promise.withResolvers<Row | undefined>()
    asked.set(id, place)
    return place.promise
  }
}

export const createChanges = ({
  db,
  bus,
  clock,
  log,
}: Deps): ((ids: string[] | null) => Promise<AsyncIterable<InstanceChange>>) => {
  const load = createLoader(db)

  /** Notices as the versions they speak of; one that cannot be looked up is as good as lost. */
  const versions = (notices: Subscription<{ id: string }>, wanted: (id: string) => boolean): Subscription<Row> => ({
    async next() {
      for (;;) {
        const { done, value } = await notices.next()
        if (done) return { done, value }
        if (value === gap) return { done: false, value }
        if (!wanted(value.id)) continue
        try {
          const row = await load(value.id)
          if (row) return { done: false, value: row }
        } catch (error) {
          log.debug('an instance that changed could not be read', { id: value.id, error })
          return { done: false, value: gap }
        }
      }
    },
    return: () => notices.return(),
    [Symbol.asyncIterator]() {
      return this
    },
  })

  return async (ids) => {
    if (ids && ids.length > watchedMax) throw badInput('ids', `at most ${watchedMax} ids`, ids.length)
    const only = ids && new Set(ids)
    let begun: Date | undefined
    const items = await tail<Row>({
      clock,
      subscribe: async () =>
        versions(await bus.subscribe(topics.instanceChanged, 'all'), (id) => !only || only.has(id)),
      async read(since) {
        if (!begun) {
          // What changed before somebody began to look is not their news.
          const [row] = await db.query<{ now: Date }>('select now() as now')
          begun = row?.now
          return []
        }
        return db.query<Row>(
          `select * from instances where changed_at > $1::timestamptz - $2 * interval '1 ms' and ($3::text[] is null or id = any($3))
           order by changed_at, id`,
          [since?.changed_at ?? begun, overlapMs, only && [...only]],
        )
      },
      keyOf: ({ id, revision }) => `${id}@${revision}`,
      onError: (error) => log.debug('changes of instances could not be read', { error }),
    })
    const toChange = (row: Row): InstanceChange => ({ id: row.id, instance: row.deleted_at ? null : toInstance(row) })
    const changes: AsyncIterableIterator<InstanceChange, undefined> = {
      async next() {
        const { done, value } = await items.next()
        return done ? { done, value: undefined } : { done: false, value: toChange(value) }
      },
      async return() {
        await items.return()
        return { done: true, value: undefined }
      },
      [Symbol.asyncIterator]: () => changes,
    }
    return changes
  }
}
