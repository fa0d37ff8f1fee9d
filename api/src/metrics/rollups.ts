// Keeps rollups true: a job computes dirty buckets anew from their samples, and the hours above from the buckets, in one transaction.
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import type { Query } from '../platform/engines/store.ts'
import { BUCKET_MS, BUCKET_STEP, HOUR_STEP } from './buckets.ts'
import { FIGURE_COLUMNS } from './figures.ts'

export interface RollupsDeps {
  db: Pick<Db, 'tx'>
  clock: Pick<Clock, 'now'>
}

/** A bucket rests this long after its end: most of its samples have arrived by then. */
const graceMs = 30_000
/** Buckets in one transaction: some 50 ms on the embedded database, which everybody else waits for. */
const bucketsAtOnce = 100
/** Any number. Hours are shared by buckets: two jobs at once would each miss what the other has not committed. */
const lock = 7_305_421

const eachFigure = (text: (column: string, type: string) => string): string =>
  FIGURE_COLUMNS.map(({ column, type }) => text(column, type)).join(', ')

const rollupColumns = eachFigure((c) => `${c}_n, ${c}_sum, ${c}_min, ${c}_max`)
const overwrite = eachFigure((c) =>
  ['n', 'sum', 'min', 'max'].map((part) => `${c}_${part} = excluded.${c}_${part}`).join(', '),
)
const upsert = (select: string): string => `
  insert into metric_rollup (instance, step, bucket, n, ${rollupColumns}) ${select}
  on conflict (instance, step, bucket) do update set n = excluded.n, ${overwrite}`

const fromSamples = upsert(`
  select d.instance, ${BUCKET_STEP}, d.bucket, s.*
  from unnest($1::int4[], $2::timestamptz[]) as d (instance, bucket)
  cross join lateral (
    select count(*) as n, ${eachFigure((c) => `count(${c}), sum(${c}::float8), min(${c}), max(${c})`)} from metric_sample
    where instance = d.instance and at >= d.bucket and at < d.bucket + interval '5 minutes'
  ) s
  where s.n > 0`)

const fromBuckets = upsert(`
  select r.instance, ${HOUR_STEP}, h.hour, sum(r.n), ${eachFigure((c) => `sum(${c}_n), sum(${c}_sum), min(${c}_min), max(${c}_max)`)}
  from (select distinct instance, date_bin('1 hour', bucket, 'epoch') as hour from unnest($1::int4[], $2::timestamptz[]) as d (instance, bucket)) h
  join metric_rollup r on r.instance = h.instance and r.step = ${BUCKET_STEP} and r.bucket >= h.hour and r.bucket < h.hour + interval '1 hour'
  group by r.instance, h.hour`)

/** Computes some closed buckets; returns how many. */
const rollSome = async (query: Query, closedBefore: Date): Promise<number> => {
  const [free] = await query<{ ok: boolean }>('select pg_try_advisory_xact_lock($1) as ok', [lock])
  if (!free?.ok) return 0
  // A statement of its own: the next one sees every sample that was committed before its mark was locked here. Marks that a writer holds
  // are left for the next time, as its samples are not committed yet.
  const dirty = await query<{ instance: number; bucket: Date }>(
    'select instance, bucket from metric_dirty where bucket <= $1 order by bucket, instance limit $2 for update skip locked',
    [closedBefore, bucketsAtOnce],
  )
  if (dirty.length === 0) return 0
  const keys = [dirty.map(({ instance }) => instance), dirty.map(({ bucket }) => bucket)]
  await query(fromSamples, keys)
  await query(fromBuckets, keys)
  await query(
    `delete from metric_dirty m using unnest($1::int4[], $2::timestamptz[]) as d (instance, bucket)
     where m.instance = d.instance and m.bucket = d.bucket`,
    keys,
  )
  return dirty.length
}

/** Rolls up whatever is closed and dirty; safe on any number of replicas, and at any moment. */
export const rollUp = async ({ db, clock }: RollupsDeps, signal?: AbortSignal): Promise<number> => {
  let done = 0
  for (;;) {
    const closedBefore = new Date(clock.now() - BUCKET_MS - graceMs)
    const some = await db.tx(({ query }) => rollSome(query, closedBefore))
    done += some
    if (some < bucketsAtOnce || signal?.aborted) return done
  }
}
