// The four charts of an instance, made from its series.
import { roundTop } from '../ui/axis.ts'
import type { Chart, ChartGap, ChartLine, ChartMark, ChartPoint } from '../ui/chart.ts'
import { format } from '../ui/format.ts'
import { t } from '../words/words.ts'
import { type Charted, type Point, type Series, gapsOf, pointsOf } from './series.ts'

/** How far above the highest mean an axis reaches for a peak: beyond, the means would lie flat on the ground. */
const PEAK_ROOM = 4

export interface ChartsInput {
  series: Series
  from: number
  to: number
  /** The edge is of now. */
  live: boolean
  /** Interval at which the agent samples. */
  sampleMs: number
  /** Before it the instance did not exist. */
  since: number
  cores: number | null
  memoryTotal: number | null
  marks: readonly ChartMark[]
}

export interface InstanceCharts {
  cpu: Chart
  memory: Chart
  disk: Chart
  network: Chart
}

export const toCharts = (input: ChartsInput): InstanceCharts => {
  const { series, from, to } = input
  const points = pointsOf(series, from, to)
  const since = Math.max(from, input.since)
  const gaps = gapsOf(points, Math.max(series.stepMs, input.sampleMs), since, to)
  const shared = {
    gaps,
    marks: input.marks.filter(({ at }) => at >= from && at <= to),
    from,
    to,
    live: input.live && !endsInGap(gaps, to),
  }

  const cores = input.cores || 1
  /** `scale` brings a figure to the axis. */
  const values = (figure: Charted, scale = 1): ChartPoint[] =>
    points.map(({ at, figures }) => {
      const spread = figures[figure]
      return spread
        ? { at, value: spread.mean * scale, least: spread.least * scale, most: spread.most * scale }
        : { at, value: null }
    })
  const rateTop = (...charted: Charted[]) => {
    const peak = highest(points, charted, 'most')
    return roundTop('rate', Math.min(peak, PEAK_ROOM * highest(points, charted, 'mean')))
  }
  const rate = (
    name: string,
    token: ChartLine['token'],
    figure: Charted,
    extra: Partial<ChartLine> = {},
  ): ChartLine => ({
    name,
    token,
    points: values(figure),
    text: format.rate,
    ...extra,
  })

  return {
    cpu: {
      ...shared,
      id: 'cpu',
      name: t('metrics.cpu.name'),
      measure: 'percent',
      top: 100,
      lines: [
        {
          name: t('metrics.cpu.use'),
          token: 's1',
          area: true,
          points: values('cpuPercent'),
          text: format.percent,
        },
        {
          name: t('metrics.cpu.load'),
          token: 's6',
          dashed: true,
          // As a share of the cores, so that both lines speak of the same machine; in words it is the load itself.
          points: values('load1', 100 / cores),
          text: (share) => format.number((share * cores) / 100),
        },
      ],
    },
    memory: {
      ...shared,
      id: 'memory',
      name: t('metrics.memory.name'),
      measure: 'memory',
      top: input.memoryTotal ?? roundTop('memory', highest(points, ['memoryUsed'], 'most')),
      lines: [
        {
          name: t('metrics.memory.used'),
          token: 's2',
          area: true,
          points: values('memoryUsed'),
          text: format.memory,
        },
        {
          name: t('metrics.memory.cached'),
          token: 's6',
          // Without bounds: the largest of a sum is not the sum of the largest.
          points: points.map(({ at, figures }) => ({
            at,
            value: sum(figures.memoryUsed?.mean, figures.memoryCached?.mean),
          })),
          text: format.memory,
        },
      ],
    },
    disk: {
      ...shared,
      id: 'disk',
      name: t('metrics.disk.name'),
      measure: 'rate',
      top: rateTop('diskReadRate', 'diskWriteRate'),
      lines: [
        rate(t('metrics.disk.read'), 's3', 'diskReadRate', { area: true }),
        rate(t('metrics.disk.write'), 's4', 'diskWriteRate'),
      ],
    },
    network: {
      ...shared,
      id: 'network',
      name: t('metrics.network.name'),
      measure: 'rate',
      top: rateTop('networkReceiveRate', 'networkTransmitRate'),
      lines: [
        rate(t('metrics.network.in'), 's1', 'networkReceiveRate', { area: true }),
        rate(t('metrics.network.out'), 's5', 'networkTransmitRate', { area: true, mirrored: true }),
      ],
    },
  }
}

const sum = (a: number | undefined, b: number | undefined): number | null =>
  a === undefined || b === undefined ? null : a + b

const highest = (points: readonly Point[], charted: readonly Charted[], of: 'mean' | 'most'): number =>
  points.reduce((top, { figures }) => charted.reduce((high, one) => Math.max(high, figures[one]?.[of] ?? 0), top), 0)

const endsInGap = (gaps: readonly ChartGap[], to: number): boolean => gaps.at(-1)?.to === to
