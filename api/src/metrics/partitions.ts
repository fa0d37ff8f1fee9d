// A partition of samples for each day that a sample may be of: made ahead by attach, dropped whole by detach, never in anybody's way for long.
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import type { Query } from '../platform/engines/store.ts'
import { soberNow } from '../platform/expire.ts'

export interface Partitions {
  /** Every day of the accepted window has its partition. One catalog query when nothing is missing. */
  ensure(): Promise<void>
  /** Drops the days that are over by more than the retention; returns how many. */
  dropExpired(): Promise<number>
}

export interface PartitionsDeps {
  db: Pick<Db, 'query' | 'tx'>
  clock: Pick<Clock, 'now'>
  /** Oldest sample that is accepted. */
  acceptedMs: number
  retentionMs: number
}

const dayMs = 86_400_000
/** A record that was checked just before midnight, or an hour ago behind a slow database, still finds its day. */
const slackMs = 3_600_000
const aheadMs = 2 * dayMs
/** Any number: replicas that make or drop partitions do it in turn. */
const lock = 7_305_420

const floorDay = (ms: number): number => Math.floor(ms / dayMs) * dayMs
const toIso = (ms: number): string => new Date(ms).toISOString()
const toName = (dayStart: number): string => `metric_sample_${toIso(dayStart).slice(0, 10).replaceAll('-', '')}`
const toDay = (name: string): number => Date.parse(name.replace(/^metric_sample_(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3'))

const attached = async (query: Query): Promise<string[]> =>
  (
    await query<{ name: string }>(
      `select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'metric_sample'::regclass`,
    )
  ).map(({ name }) => name)

/** "create table … partition of" would lock the whole table against readers and writers; attaching does not. */
const attach = (dayStart: number): string => `
  create table ${toName(dayStart)} (like metric_sample including all);
  alter table metric_sample attach partition ${toName(dayStart)}
    for values from ('${toIso(dayStart)}') to ('${toIso(dayStart + dayMs)}');`

export const createPartitions = ({ db, clock, acceptedMs, retentionMs }: PartitionsDeps): Partitions => {
  const missing = async (query: Query): Promise<number[]> => {
    const names = new Set(await attached(query))
    const days: number[] = []
    const last = floorDay(clock.now() + aheadMs)
    for (let day = floorDay(clock.now() - acceptedMs - slackMs); day <= last; day += dayMs)
      if (!names.has(toName(day))) days.push(day)
    return days
  }

  const ensure = async (): Promise<void> => {
    if ((await missing(db.query)).length === 0) return
    await db.tx(async ({ query }) => {
      await query('select pg_advisory_xact_lock($1)', [lock])
      const days = await missing(query)
      if (days.length > 0) await query(`do $$ begin ${days.map(attach).join('')} end $$`)
    })
  }

  /** Days whose last sample is too old. */
  const expired = async (query: Query): Promise<number[]> => {
    const keepFrom = floorDay((await soberNow(query, clock)) - Math.max(retentionMs, acceptedMs) - slackMs)
    return (await attached(query)).map(toDay).filter((day) => day + dayMs <= keepFrom)
  }

  const drop = (day: number): Promise<boolean> =>
    db.tx(async ({ query }) => {
      // Detaching waits for whoever reads the table, and everybody else then waits behind it: rather give up and come back.
      await query(`set local lock_timeout = '1s'`)
      await query('select pg_advisory_xact_lock($1)', [lock])
      if (!(await expired(query)).includes(day)) return false
      // Samples that no rollup holds yet.
      const dirty = await query('select 1 from metric_dirty where bucket >= $1 and bucket < $2 limit 1', [
        new Date(day),
        new Date(day + dayMs),
      ])
      if (dirty.length > 0) return false
      await query(`alter table metric_sample detach partition ${toName(day)}`)
      await query(`drop table ${toName(day)}`)
      return true
    })

  return {
    ensure,
    async dropExpired() {
      let dropped = 0
      for (const day of await expired(db.query)) if (await drop(day)) dropped += 1
      return dropped
    },
  }
}
