// A series as a fold: points that were read, samples that came since, and the gaps where there were none.
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

export interface Point {
  /** Begin of its time, in milliseconds since 1970. */
  at: number
  /** Samples in it. */
  count: number
  means: Record<Charted, number | null>
}

export interface Series {
  stepMs: number
  stored: Point[]
  /** Of samples that came while somebody looked, most of which are stored nowhere; oldest first. */
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
  const keep = shown?.stepMs === stepMs ? shown : undefined
  return {
    stepMs,
    stored: answer.edges.map(({ node }) => ({
      at: Date.parse(node.at),
      count: node.count,
      means: eachFigure((figure) => node[figure]?.avg ?? null),
    })),
    live: keep?.live.filter((point) => point.at >= from) ?? [],
    lastAt: keep?.lastAt ?? 0,
    latest: keep?.latest ?? null,
    dropped: answer.gaps.reduce((sum, gap) => sum + (gap.dropped ?? 0), 0),
    from,
    readAt,
  }
}

/** Late samples are left to the next read: only the edge moves live. */
export const foldSample = (series: Series, sample: FullSampleFragment): Series => {
  const at = Date.parse(sample.at)
  if (at <= series.lastAt) return series
  const bucket = Math.floor(at / series.stepMs) * series.stepMs
  const means = meansOf(sample)
  const last = series.live.at(-1)
  const live =
    last?.at === bucket
      ? [...series.live.slice(0, -1), { at: bucket, count: last.count + 1, means: blend(last, means) }]
      : [...series.live, { at: bucket, count: 1, means }]
  return { ...series, live, lastAt: at, latest: sample }
}

/** All points from `from` on, oldest first; of two for the same time the one that knows more samples. */
export const pointsOf = (series: Series, from: number): Point[] => {
  const byTime = new Map<number, Point>()
  for (const point of [...series.stored, ...series.live]) {
    const known = byTime.get(point.at)
    if (point.at + series.stepMs > from && (!known || point.count >= known.count)) byTime.set(point.at, point)
  }
  return [...byTime.values()].sort((a, b) => a.at - b.at)
}

export interface Gap {
  from: number
  to: number
}

/** Times without samples, longer than two intervals. `since`: before it there was nobody to take any. */
export const gapsOf = (points: readonly Point[], intervalMs: number, since: number, to: number): Gap[] => {
  const gaps: Gap[] = []
  let covered = since
  for (const point of [...points, { at: to }]) {
    if (point.at - covered > 2 * intervalMs) gaps.push({ from: covered, to: point.at })
    covered = Math.max(covered, point.at)
  }
  return gaps
}

const eachFigure = (value: (figure: Charted) => number | null): Record<Charted, number | null> =>
  Object.fromEntries(CHARTED.map((figure) => [figure, value(figure)])) as Record<Charted, number | null>

const meansOf = (sample: FullSampleFragment): Record<Charted, number | null> => {
  const disk = diskRates(sample)
  const network = networkRates(sample)
  return {
    cpuPercent: sample.cpu?.usagePercent ?? null,
    load1: sample.cpu?.loadAvg1 ?? null,
    memoryUsed: sample.memory?.used ?? null,
    memoryCached: sample.memory?.cached ?? null,
    diskReadRate: disk.read,
    diskWriteRate: disk.write,
    networkReceiveRate: network.receive,
    networkTransmitRate: network.transmit,
  }
}

const blend = (point: Point, means: Record<Charted, number | null>) =>
  eachFigure((figure) => {
    const [before, now] = [point.means[figure], means[figure]]
    return before === null || now === null ? (now ?? before) : before + (now - before) / (point.count + 1)
  })
