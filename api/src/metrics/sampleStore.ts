// One statement that stores samples of many agents, and all that follows from them: dirty marks, the latest, snapshots.
import type { MetricSample } from '@sindri/schema'
import { Fault } from '@sindri/schema/contract/codes'
import { booleans, float4s, int4s, int8s, times, uuids } from '../platform/columns.ts'
import type { Db } from '../platform/db.ts'
import { prepared } from '../platform/prepared.ts'
import { superseded } from '../platform/records.ts'
import { BUCKET_MS, SNAPSHOTS_KEPT_MS } from './buckets.ts'
import { FIGURE_COLUMNS } from './figures.ts'
import type { Batch } from '../platform/groupCommit.ts'
import { SHARES, sharesOf } from './shares.ts'

export interface SampleRow {
  run: string
  seq: number
  sample: MetricSample
}

export interface SampleBatch extends Batch {
  /** `num` of the instance. */
  owner: number
  epoch: bigint
  rows: readonly SampleRow[]
}

/** For each row: whether this statement stored it; false: it was stored before. */
export type Stored = boolean[]

interface Placed {
  /** Its batch, and its place in there. */
  b: number
  n: number
  row: SampleRow
  atMs: number
}

/** A sample that goes to rest as a whole too. */
interface Detail extends Placed {
  bucket: number | null
  latest: boolean
}

/** What the batches of one link come to together: an agent has several under way, and of the whole samples only few are kept. */
interface Link {
  newest: Placed | undefined
  /** By its 5 minutes, the first of them that has no snapshot. */
  firsts: Map<number, Placed>
  last: number | undefined
  seen: Map<string, Set<number>>
}

const columns = FIGURE_COLUMNS.map(({ column }) => column)
const shares = SHARES.join(', ')
const types = FIGURE_COLUMNS.map(({ type }) => (type === 'bigint' ? 'int8' : 'float4'))

/**
 * Rows are written in the order of their keys, so that statements of two replicas never wait for each other in a circle.
 * A dirty mark that exists is locked, not rewritten ("where false"): the rollup job, which locks marks before it reads samples, either sees
 * these samples or leaves the mark. "do nothing" would lose a mark that the job is about to delete.
 * Joins of what came are written as `not in`: these are hashed whatever the planner believes. It plans for every number of rows at once, takes
 * them for few, and its nested loops then take the square of them.
 */
const statement = prepared(`
with stale as materialized (
  select b from superseded_links($1::int4[], $2::int8[]) as b
), input as materialized (
  select r.* from unnest($3::int4[], $4::int4[], $5::int4[], $6::timestamptz[], $7::uuid[], $8::int4[],
    ${types.map((type, i) => `$${i + 9}::${type}[]`).join(', ')}) as r (b, n, instance, at, run, seq, ${columns.join(', ')})
  where r.b not in (select b from stale)
), detail as materialized (
  select d.* from unnest($${types.length + 9}::int4[], $${types.length + 10}::int4[], $${types.length + 11}::timestamptz[], $${types.length + 12}::timestamptz[],
    $${types.length + 13}::bool[], string_to_array($${types.length + 14}, chr(30))::json[],
    ${SHARES.map((_, i) => `$${types.length + 15 + i}::float4[]`).join(', ')}) as d (b, instance, at, bucket, latest, detail, ${shares})
  where d.b not in (select b from stale)
), inserted as (
  insert into metric_sample (instance, run, seq, at, ${columns.join(', ')})
  select instance, run, seq, at, ${columns.join(', ')} from input order by instance, run, seq
  on conflict do nothing returning instance, run, seq, at
), marked as (
  insert into metric_dirty (instance, bucket)
  select distinct instance, date_bin('5 minutes', at, 'epoch') from inserted order by 1, 2
  on conflict (instance, bucket) do update set bucket = excluded.bucket where false
), newest as (
  insert into metric_latest (instance, at, detail, ${shares})
  select distinct on (instance) instance, at, detail, ${shares} from detail where latest order by instance, at desc
  on conflict (instance) do update set at = excluded.at, detail = excluded.detail, ${SHARES.map((name) => `${name} = excluded.${name}`).join(', ')}
  where metric_latest.at < excluded.at
), snapshot as (
  insert into metric_snapshot (instance, bucket, at, detail)
  select distinct on (instance, bucket) instance, bucket, at, detail from detail where bucket is not null order by instance, bucket, at
  on conflict do nothing
)
select b, n from input where (instance, run, seq) not in (select instance, run, seq from inserted)
union all
select b, null from stale`)

/** JSON has no such character in it. */
const separator = '\u001e'

export interface SampleStoreDeps {
  db: Pick<Db, 'query'>
  nowMs: () => number
  /** Makes the partitions that are missing. */
  ensure: () => Promise<void>
}

/** Writes all batches or none. A batch of an older epoch gets SUPERSEDED as its answer. */
export const createSampleStore = ({
  db,
  nowMs,
  ensure,
}: SampleStoreDeps): ((batches: readonly SampleBatch[]) => Promise<(Stored | Fault)[]>) => {
  /** Last 5 minutes of each instance that have their snapshot: most samples then come without their detail. */
  const snapshots = new Map<number, number>()

  const write = async (batches: readonly SampleBatch[]): Promise<(Stored | Fault)[]> => {
    const answers: (Stored | Fault)[] = batches.map(({ rows }) => rows.map(() => true))
    const rows: Placed[] = []
    const details: Detail[] = []
    const links = new Map<string, Link>()
    const oldest = nowMs() - SNAPSHOTS_KEPT_MS

    batches.forEach(({ owner, epoch, rows: own }, b) => {
      const key = `${owner}/${epoch}`
      const link: Link = links.get(key) ?? {
        newest: undefined,
        firsts: new Map(),
        last: snapshots.get(owner),
        seen: new Map(),
      }
      links.set(key, link)
      own.forEach((row, n) => {
        const seen = link.seen.get(row.run) ?? new Set<number>()
        link.seen.set(row.run, seen)
        if (seen.has(row.seq)) return void ((answers[b] as Stored)[n] = false)
        seen.add(row.seq)
        const atMs = row.sample.at.getTime()
        const placed: Placed = { b, n, row, atMs }
        rows.push(placed)
        const bucket = atMs - (atMs % BUCKET_MS)
        if (!link.newest || atMs > link.newest.atMs) link.newest = placed
        if (bucket !== link.last && atMs >= oldest && !link.firsts.has(bucket))
          link.firsts.set((link.last = bucket), placed)
      })
    })
    for (const { newest, firsts } of links.values()) {
      const firstOf = [...firsts]
      for (const [bucket, first] of firstOf) details.push({ ...first, bucket, latest: first === newest })
      if (newest && !firstOf.some(([, first]) => first === newest))
        details.push({ ...newest, bucket: null, latest: true })
    }

    const loads = details.map(({ row }) => sharesOf(row.sample))

    const misses = await db.query<{ b: number; n: number | null }>(statement, [
      int4s(batches, ({ owner }) => owner),
      int8s(batches, ({ epoch }) => Number(epoch)),
      int4s(rows, ({ b }) => b),
      int4s(rows, ({ n }) => n),
      int4s(rows, ({ b }) => batches[b]?.owner ?? null),
      times(rows, ({ atMs }) => atMs),
      uuids(rows, ({ row }) => row.run),
      int4s(rows, ({ row }) => row.seq),
      ...FIGURE_COLUMNS.map(({ type, of }) => (type === 'bigint' ? int8s : float4s)(rows, ({ row }) => of(row.sample))),
      int4s(details, ({ b }) => b),
      int4s(details, ({ b }) => batches[b]?.owner ?? null),
      times(details, ({ atMs }) => atMs),
      times(details, ({ bucket }) => bucket),
      booleans(details, ({ latest }) => latest),
      details.map(({ row }) => JSON.stringify(row.sample)).join(separator),
      ...SHARES.map((name) => float4s(loads, (load) => load[name])),
    ])

    for (const { b, n } of misses) {
      if (n === null) answers[b] = superseded()
      else (answers[b] as Stored)[n] = false
    }
    for (const { b, bucket } of details) {
      const owner = batches[b]?.owner
      if (owner === undefined || bucket === null || answers[b] instanceof Fault) continue
      if (bucket > (snapshots.get(owner) ?? 0)) snapshots.set(owner, bucket)
    }
    return answers
  }

  return async (batches) => {
    try {
      return await write(batches)
    } catch (error) {
      // The window has moved on since partitions were made: a clock was set, or their job could not run.
      if (!/no partition of relation/.test((error as Error).message)) throw error
      await ensure()
      return write(batches)
    }
  }
}
