// Series for charts: points of one width over a range, the same whether they come from samples or from rollups; times without samples have none.
import type { Figure, MetricGap, MetricPage, MetricPoint, MetricsArgs, MetricStat } from '@sindri/schema'
import { badInput } from '@sindri/schema/contract/codes'
import { LIMITS } from '@sindri/schema/contract/limits'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import { readCursor, toCursor } from '../platform/paging.ts'
import { BUCKET_STEP, floorTo, HOUR_STEP, HOURS_KEPT_MS } from './buckets.ts'
import { FIGURE_COLUMNS } from './figures.ts'
import type { FindInstance } from './findInstance.ts'
import { bucketsStatement, hoursStatement, samplesStatement } from './seriesSql.ts'
import type { PointRow } from './seriesSql.ts'

export interface SeriesDeps {
  db: Pick<Db, 'query'>
  clock: Pick<Clock, 'now'>
  find: FindInstance
}

/** Widths that fall on round times; above 5 minutes all are multiples of it, so that rollups can answer. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800]
const pointsWanted = 300
const dayS = 86_400
/** What a page may read: 20 ms. A point of up to 5 minutes never has that many samples, unless somebody floods. */
const samplesMax = 20_000
const gapsMax = 500

/** The narrowest that gives at most 300 points for [first, last], and no narrower than the agent samples. */
export const chooseStep = (firstMs: number, lastMs: number, metricsMs: number): number => {
  const points = (step: number) => Math.floor(lastMs / 1000 / step) - Math.floor(firstMs / 1000 / step) + 1
  return STEPS.find((step) => step * 1000 >= metricsMs && points(step) <= pointsWanted) ?? 2 * dayS
}

const checkStep = (step: number): number => {
  const fits = Number.isInteger(step) && step >= 1 && step <= dayS && (step <= BUCKET_STEP || step % BUCKET_STEP === 0)
  if (!fits)
    throw badInput(
      'stepSeconds',
      `a whole number from 1 to ${BUCKET_STEP}, or a multiple of ${BUCKET_STEP} up to ${dayS}`,
      step,
    )
  return step
}

const checkFirst = (first: number | null | undefined): number => {
  const size = first ?? LIMITS.metricPointsMax
  if (Number.isInteger(size) && size >= 1 && size <= LIMITS.metricPointsMax) return size
  throw badInput('first', `a whole number from 1 to ${LIMITS.metricPointsMax}`, size)
}

const toStat = (row: PointRow, column: string): MetricStat | null => {
  const [n, sum, min, max] = ['n', 'sum', 'min', 'max'].map((part) => row[`${column}_${part}`]) as [
    number,
    number,
    number,
    number,
  ]
  // A mean lies between its bounds; the last digit of a sum may not know.
  return n === 0 ? null : { avg: Math.min(max, Math.max(min, sum / n)), min, max }
}

const toPoint = (row: PointRow): MetricPoint => ({
  at: row.at,
  count: row.n,
  ...(Object.fromEntries(FIGURE_COLUMNS.map(({ figure, column }) => [figure, toStat(row, column)])) as Record<
    Figure,
    MetricStat | null
  >),
})

export const createSeries = ({ db, clock, find }: SeriesDeps) => {
  const fromSamples = async (
    num: number,
    fromMs: number,
    toMs: number,
    step: number,
  ): Promise<{ rows: PointRow[]; more: boolean }> => {
    for (let most = samplesMax; ; most *= 8) {
      const rows = await db.query<PointRow>(samplesStatement, [num, new Date(fromMs), new Date(toMs), step, most])
      if (rows.reduce((sum, { n }) => sum + n, 0) < most) return { rows, more: false }
      if (rows.length > 1) return { rows: rows.slice(0, -1), more: true }
    }
  }

  const gapsOf = async (num: number, fromMs: number, toMs: number): Promise<MetricGap[]> =>
    (
      await db.query<{ from_at: Date; to_at: Date; dropped: number }>(
        `select from_at, to_at, dropped from metric_gap where instance = $1 and to_at >= $2 and from_at < $3 order by from_at, to_at limit $4`,
        [num, new Date(fromMs), new Date(toMs), gapsMax],
      )
    ).map((row) => ({ from: row.from_at, to: row.to_at, dropped: row.dropped }))

  return async ({ instanceId, from, to, stepSeconds, first, after }: MetricsArgs): Promise<MetricPage> => {
    const size = checkFirst(first)
    if (!(from < to)) throw badInput('to', `a time after ${from.toISOString()}`, to.toISOString())
    const { num, metrics_ms: metricsMs } = await find(instanceId)
    // Nothing is kept from before, and nothing comes from after.
    const firstMs = Math.max(from.getTime(), clock.now() - HOURS_KEPT_MS)
    const lastMs = Math.min(to.getTime() - 1, clock.now() + LIMITS.atFutureMs)
    const step = stepSeconds == null ? chooseStep(firstMs, lastMs, metricsMs) : checkStep(stepSeconds)
    const stepMs = step * 1000

    // Whole points only: a point does not change its value because the range began in its midst.
    const fromMs = floorTo(firstMs, stepMs)
    const toMs = Math.max(fromMs, floorTo(lastMs, stepMs) + stepMs)
    const cursor = readCursor<[number]>(after, ['number'])?.[0]
    if (cursor !== undefined && !(cursor >= fromMs && cursor < 8.64e15))
      throw badInput('after', 'a cursor of this very list', after)
    const beginMs = cursor === undefined ? fromMs : floorTo(cursor, stepMs) + stepMs

    const rolled = step % BUCKET_STEP === 0
    const read = async (): Promise<{ rows: PointRow[]; more: boolean }> => {
      if (beginMs >= toMs) return { rows: [], more: false }
      if (!rolled) return fromSamples(num, beginMs, toMs, step)
      const statement = step % HOUR_STEP === 0 ? hoursStatement : bucketsStatement
      return {
        rows: await db.query<PointRow>(statement, [num, new Date(beginMs), new Date(toMs), step, size + 1]),
        more: false,
      }
    }
    const [{ rows, more }, gaps] = await Promise.all([read(), gapsOf(num, fromMs, toMs)])
    return {
      edges: rows.slice(0, size).map((row) => ({ cursor: toCursor([row.at.getTime()]), node: toPoint(row) })),
      hasNextPage: more || rows.length > size,
      totalCount: null,
      stepSeconds: step,
      source: rolled ? 'ROLLUPS' : 'SAMPLES',
      gaps,
    }
  }
}
