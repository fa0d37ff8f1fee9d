// The statements that compute points: from samples alone, or from rollups with samples where those are not complete.
import { BUCKET_STEP, HOUR_STEP } from './buckets.ts'
import { FIGURE_COLUMNS } from './figures.ts'

/** As selected by either statement; per figure `<column>_n, _sum, _min, _max`. */
export interface PointRow {
  at: Date
  n: number
  [part: string]: Date | number | null
}

const eachFigure = (text: (column: string) => string): string =>
  FIGURE_COLUMNS.map(({ column }) => text(column)).join(', ')

/** Everything as float8: sums of bytes over devices may pass 2^53. */
const ofSamples = `count(*)::int4 as n, ${eachFigure(
  (c) =>
    `count(${c})::int4 as ${c}_n, sum(${c}::float8) as ${c}_sum, min(${c})::float8 as ${c}_min, max(${c})::float8 as ${c}_max`,
)}`
const ofRollup = `n, ${eachFigure((c) => `${c}_n, ${c}_sum, ${c}_min::float8, ${c}_max::float8`)}`
const ofParts = `sum(n)::int4 as n, ${eachFigure(
  (c) => `sum(${c}_n)::int4 as ${c}_n, sum(${c}_sum) as ${c}_sum, min(${c}_min) as ${c}_min, max(${c}_max) as ${c}_max`,
)}`

/** $1 instance, $2 from, $3 to, $4 step in seconds, $5 most samples to read. The last point is incomplete when that many were read. */
export const samplesStatement = `
select date_bin($4 * interval '1 second', at, 'epoch') as at, ${ofSamples}
from (select * from metric_sample where instance = $1 and at >= $2 and at < $3 order by at limit $5) s
group by 1 order by 1`

const inRange = (column: string) => `instance = $1 and ${column} >= $2 and ${column} < $3`
const hourOf = (column: string) => `date_bin('1 hour', ${column}, 'epoch')`

/**
 * $1 instance, $2 from, $3 to, $4 step in seconds (a multiple of the width of `rollups`), $5 most points.
 * One statement, so that rollups, marks and samples are of one moment: a bucket without a mark then equals its samples exactly.
 */
const rollupsStatement = (parts: readonly string[]): string => `
with dirty as materialized (select bucket from metric_dirty where ${inRange('bucket')}),
parts as (
  ${parts.join('\n  union all ')}
  union all select d.bucket, s.* from dirty d cross join lateral (
    select ${ofSamples} from metric_sample
    where ${inRange('at')} and at >= d.bucket and at < d.bucket + interval '5 minutes'
  ) s where s.n > 0
)
select date_bin($4 * interval '1 second', bucket, 'epoch') as at, ${ofParts} from parts group by 1 order by 1 limit $5`

const rollup = (step: number, where: string) =>
  `select bucket, ${ofRollup} from metric_rollup where ${inRange('bucket')} and step = ${step} and ${where}`

export const bucketsStatement = rollupsStatement([rollup(BUCKET_STEP, 'bucket not in (select bucket from dirty)')])

/** An hour with a dirty bucket is put together from its buckets. */
export const hoursStatement = rollupsStatement([
  rollup(HOUR_STEP, `bucket not in (select ${hourOf('bucket')} from dirty)`),
  rollup(
    BUCKET_STEP,
    `${hourOf('bucket')} in (select ${hourOf('bucket')} from dirty) and bucket not in (select bucket from dirty)`,
  ),
])
