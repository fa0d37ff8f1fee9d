// A series as a fold: points that were read, samples that came since, and the gaps where there were none.
import { LIMITS } from '@sindri/schema/contract/limits'
import type { FullSampleFragment, SeriesQuery } from '../graph/gql/graphql.ts'
import { diskRates, networkRates } from '../graph/sampleFigures.ts'

const CHARTED = [
  'cpuPercent',
  'load1',
  'memoryUsed',
  'memoryCached',
  'diskReadRate',
  'diskWriteRate',
  'networkReceiveRate',
  'networkTransmitRate',
] as const
export type Charted = (typeof CHARTED)[number]

/** As many as a plot has pixels for. */
const PLOT_POINTS = 450

/** A figure over the time of one point: its mean, and between which bounds its samples lay. */
export interface Spread {
  mean: number
  least: number
  most: number
}
export type Figures = Record<Charted, Spread | null>

export interface Point {
  /** Begin of its time, in milliseconds since 1970. */
  at: number
  /** Samples in it. */
  count: number
  figures: Figures
}

export interface Series {
  stepMs: number
  /** Finer than what was read: the edge should move while somebody looks. */
  liveStepMs: number
  stored: Point[]
  /** Of all samples that came while somebody looked, most of which are stored nowhere; oldest first. */
  live: Point[]
  /** Newest sample that was folded in, so that none counts twice. */
  lastAt: number
  latest: FullSampleFragment | null
  /** Samples the agent had to drop, in all. */
  dropped: number
  from: number
  readAt: number
}

/** `shown` hands over what only this page has seen. */
export const toSeries = (
  answer: SeriesQuery['metrics'],
  from: number,
  readAt: number,
  shown: Series | undefined,
): Series => {
  const stepMs = answer.stepSeconds * 1000
  const liveStepMs = partOf(stepMs, Math.max(LIMITS.liveSampleMs, (readAt - from) / PLOT_POINTS))
  const keep = shown?.stepMs === stepMs ? shown : undefined
  return {
    stepMs,
    liveStepMs,
    stored: answer.edges.map(({ node }) => ({
      at: Date.parse(node.at),
      count: node.count,
      figures: eachFigure((figure) => {
        const stat = node[figure]
        return stat ? { mean: stat.avg, least: stat.min, most: stat.max } : null
      }),
    })),
    // No finer than what was read, they would know less than that.
    live: liveStepMs === stepMs ? [] : (keep?.live.filter((point) => point.at >= from) ?? []),
    lastAt: keep?.lastAt ?? 0,
    latest: keep?.latest ?? null,
    dropped: answer.gaps.reduce((sum, gap) => sum + (gap.dropped ?? 0), 0),
    from,
    readAt,
  }
}

/** The narrowest even part of a step that is not below `leastMs`: parts of another width would reach across its ends. */
const partOf = (stepMs: number, leastMs: number): number => {
  let parts = Math.max(1, Math.floor(stepMs / leastMs))
  while (stepMs % parts !== 0) parts--
  return stepMs / parts
}

/** Of a step that was under way when the first live sample of it came, what was read stands for the time before that sample. */
const begunBefore = ({ stored, live, stepMs, liveStepMs }: Series, sampleAt: number): Point[] => {
  const begin = Math.floor(sampleAt / stepMs) * stepMs
  const read = stored.findLast((point) => point.at === begin)
  if (!read || (live.at(-1)?.at ?? 0) >= begin) return []
  const points: Point[] = []
  for (let at = begin; at < sampleAt; at += liveStepMs) {
    const ms = Math.min(at + liveStepMs, sampleAt) - at
    points.push({ at, count: Math.max(1, Math.round(ms / LIMITS.liveSampleMs)), figures: read.figures })
  }
  return points
}

/** Late samples are left to the next read: only the edge moves live. */
export const foldSample = (series: Series, sample: FullSampleFragment): Series => {
  const at = Date.parse(sample.at)
  if (at <= series.lastAt) return series
  const bucket = Math.floor(at / series.liveStepMs) * series.liveStepMs
  const figures = figuresOf(sample)
  // Reads forget what left the span; while they fail, this must: a page may stand open for days.
  const from = at - (series.readAt - series.from)
  const kept = (series.live[0]?.at ?? from) < from ? series.live.filter((point) => point.at >= from) : series.live
  const before = [...kept, ...begunBefore(series, at)]
  const last = before.at(-1)
  const live =
    last?.at === bucket
      ? [...before.slice(0, -1), { at: bucket, count: last.count + 1, figures: blend(last, figures) }]
      : [...before, { at: bucket, count: 1, figures }]
  return { ...series, live, lastAt: at, latest: sample }
}

/**
 * All points of a span, oldest first, each in the middle of its time: so it is drawn neither older nor newer than it is.
 * Where live ones are, they know all that the stored one of that time knows.
 */
export const pointsOf = (series: Series, from: number, to: number): Point[] => {
  const lively = new Set(series.live.map((point) => Math.floor(point.at / series.stepMs)))
  const stored = series.stored.filter((point) => !lively.has(Math.floor(point.at / series.stepMs)))
  const within = (points: readonly Point[], stepMs: number) =>
    points
      .filter((point) => point.at + stepMs > from && point.at <= to)
      .map((point) => ({ ...point, at: Math.min(point.at + stepMs / 2, to) }))
  return [...within(stored, series.stepMs), ...within(series.live, series.liveStepMs)].sort((a, b) => a.at - b.at)
}

export interface Gap {
  from: number
  to: number
}

/** Times without samples, longer than two intervals. `since`: before it there was nobody to take any, unless there are some. */
export const gapsOf = (points: readonly Point[], intervalMs: number, since: number, to: number): Gap[] => {
  const gaps: Gap[] = []
  let covered = Math.min(since, points[0]?.at ?? since)
  for (const point of [...points, { at: to }]) {
    if (point.at - covered > 2 * intervalMs) gaps.push({ from: covered, to: point.at })
    covered = Math.max(covered, point.at)
  }
  return gaps
}

const eachFigure = (value: (figure: Charted) => Spread | null): Figures =>
  Object.fromEntries(CHARTED.map((figure) => [figure, value(figure)])) as Figures

const figuresOf = (sample: FullSampleFragment): Figures => {
  const disk = diskRates(sample)
  const network = networkRates(sample)
  const values: Record<Charted, number | null | undefined> = {
    cpuPercent: sample.cpu?.usagePercent,
    load1: sample.cpu?.loadAvg1,
    memoryUsed: sample.memory?.used,
    memoryCached: sample.memory?.cached,
    diskReadRate: disk.read,
    diskWriteRate: disk.write,
    networkReceiveRate: network.receive,
    networkTransmitRate: network.transmit,
  }
  return eachFigure((figure) => {
    const value = values[figure]
    return typeof value === 'number' ? { mean: value, least: value, most: value } : null
  })
}

const blend = (point: Point, figures: Figures): Figures =>
  eachFigure((figure) => {
    const [before, now] = [point.figures[figure], figures[figure]]
    if (!before || !now) return now ?? before
    return {
      mean: before.mean + (now.mean - before.mean) / (point.count + 1),
      least: Math.min(before.least, now.least),
      most: Math.max(before.most, now.most),
    }
  })
