// One statement that stores samples of many agents, and all that follows from them: dirty marks, the latest, snapshots.
import type { MetricSample } from '@sindri/schema'
import { Fault } from '@sindri/schema/contract/codes'
import type { Db } from '../platform/db.ts'
import { superseded } from '../platform/records.ts'
import { BUCKET_MS, SNAPSHOTS_KEPT_MS } from './buckets.ts'
import { FIGURE_COLUMNS, toStored } from './figures.ts'
import type { Batch } from '../platform/groupCommit.ts'
import { SHARES, sharesOf } from './shares.ts'

export interface SampleRow {
  run: string
  seq: number
  sample: MetricSample
  /** The sample as JSON, made once when the first needs it. */
  json?: string
}

export interface SampleBatch extends Batch {
  /** `num` of the instance. */
  owner: number
  epoch: bigint
  rows: readonly SampleRow[]
}

/** For each row: whether this statement stored it; false: it was stored before. */
export type Stored = boolean[]

const jsonOf = (row: SampleRow): string => (row.json ??= JSON.stringify(row.sample))

const columns = FIGURE_COLUMNS.map(({ column }) => column)
const shares = SHARES.join(', ')
const types = FIGURE_COLUMNS.map(({ type }) => (type === 'bigint' ? 'int8' : 'float4'))

/**
 * Rows are written in the order of their keys, so that statements of two replicas never wait for each other in a circle.
 * A dirty mark that exists is locked, not rewritten ("where false"): the rollup job, which locks marks before it reads samples, either sees
 * these samples or leaves the mark. "do nothing" would lose a mark that the job is about to delete.
 */
const statement = `
with link as materialized (
  select l.b, i.num from unnest($1::int4[], $2::int4[], $3::int8[]) as l (b, num, epoch)
  join instances i on i.num = l.num and i.epoch = l.epoch and i.deleted_at is null
), input as materialized (
  select l.num as instance, r.* from unnest($4::int4[], $5::int4[], $6::timestamptz[], $7::uuid[], $8::int4[],
    ${types.map((type, i) => `$${i + 9}::${type}[]`).join(', ')}) as r (b, n, at, run, seq, ${columns.join(', ')})
  join link l on l.b = r.b
), detail as materialized (
  select l.num as instance, d.* from unnest($${types.length + 9}::int4[], $${types.length + 10}::timestamptz[], $${types.length + 11}::timestamptz[],
    $${types.length + 12}::bool[], $${types.length + 13}::json[],
    ${SHARES.map((_, i) => `$${types.length + 14 + i}::float4[]`).join(', ')}) as d (b, at, bucket, latest, detail, ${shares})
  join link l on l.b = d.b
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
select b, n from input i
where not exists (select 1 from inserted s where s.instance = i.instance and s.run = i.run and s.seq = i.seq)
union all
select b, null from unnest($1::int4[]) as l (b) where b not in (select b from link)`

/** Numbers, times and UUIDs need no quotes in an array, which saves most of the time that writing one takes. */
const list = (values: readonly (number | bigint | string | null)[]): string =>
  `{${values.map((value) => value ?? 'NULL').join(',')}}`

const toIso = (ms: number): string => new Date(ms).toISOString()

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
    const rows: { b: number; n: number; row: SampleRow }[] = []
    const details: { b: number; row: SampleRow; bucket: number | null; latest: boolean }[] = []
    const seen = new Set<string>()
    const oldest = nowMs() - SNAPSHOTS_KEPT_MS

    batches.forEach((batch, b) => {
      let newest: SampleRow | undefined
      let last = snapshots.get(batch.owner)
      const firsts = new Map<number, SampleRow>()
      batch.rows.forEach((row, n) => {
        const key = `${batch.owner}/${batch.epoch}/${row.run}/${row.seq}`
        if (seen.has(key)) return void ((answers[b] as Stored)[n] = false)
        seen.add(key)
        rows.push({ b, n, row })
        const atMs = row.sample.at.getTime()
        const bucket = atMs - (atMs % BUCKET_MS)
        if (!newest || atMs > newest.sample.at.getTime()) newest = row
        if (bucket !== last && atMs >= oldest && !firsts.has(bucket)) firsts.set((last = bucket), row)
      })
      for (const [bucket, row] of firsts) details.push({ b, row, bucket, latest: row === newest })
      if (newest && ![...firsts.values()].includes(newest)) details.push({ b, row: newest, bucket: null, latest: true })
    })

    const loads = details.map(({ row }) => sharesOf(row.sample))

    const misses = await db.query<{ b: number; n: number | null }>(statement, [
      list(batches.map((_, b) => b)),
      list(batches.map(({ owner }) => owner)),
      list(batches.map(({ epoch }) => epoch)),
      list(rows.map(({ b }) => b)),
      list(rows.map(({ n }) => n)),
      list(rows.map(({ row }) => row.sample.at.toISOString())),
      list(rows.map(({ row }) => row.run)),
      list(rows.map(({ row }) => row.seq)),
      ...FIGURE_COLUMNS.map((figure) => list(rows.map(({ row }) => toStored(figure, figure.of(row.sample))))),
      list(details.map(({ b }) => b)),
      list(details.map(({ row }) => row.sample.at.toISOString())),
      list(details.map(({ bucket }) => (bucket === null ? null : toIso(bucket)))),
      list(details.map(({ latest }) => `${latest}`)),
      details.map(({ row }) => jsonOf(row)),
      ...SHARES.map((name) => list(loads.map((each) => each[name]))),
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
