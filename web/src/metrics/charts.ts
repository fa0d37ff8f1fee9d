// The four charts of an instance, made from its series.
import { roundTop } from '../ui/axis.ts'
import type { Chart, ChartGap, ChartLine, ChartMark } from '../ui/chart.ts'
import { format } from '../ui/format.ts'
import { type Charted, type Point, type Series, gapsOf, pointsOf } from './series.ts'

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
  const values = (figure: Charted) => points.map(({ at, means }) => ({ at, value: means[figure] }))
  const rateTop = (...figures: Charted[]) => roundTop('rate', mostOf(points, figures))
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
      name: 'CPU',
      measure: 'percent',
      top: 100,
      lines: [
        { name: 'use', token: 's1', area: true, points: values('cpuPercent'), text: format.percent },
        {
          name: 'load',
          token: 's6',
          dashed: true,
          // As a share of the cores, so that both lines speak of the same machine; in words it is the load itself.
          points: values('load1').map(({ at, value }) => ({
            at,
            value: value === null ? null : (100 * value) / cores,
          })),
          text: (share) => format.number((share * cores) / 100),
        },
      ],
    },
    memory: {
      ...shared,
      name: 'Memory',
      measure: 'memory',
      top: input.memoryTotal ?? roundTop('memory', mostOf(points, ['memoryUsed'])),
      lines: [
        { name: 'used', token: 's2', area: true, points: values('memoryUsed'), text: format.memory },
        {
          name: 'with cache',
          token: 's6',
          points: points.map(({ at, means }) => ({ at, value: sum(means.memoryUsed, means.memoryCached) })),
          text: format.memory,
        },
      ],
    },
    disk: {
      ...shared,
      name: 'Disk',
      measure: 'rate',
      top: rateTop('diskReadRate', 'diskWriteRate'),
      lines: [rate('read', 's3', 'diskReadRate', { area: true }), rate('write', 's4', 'diskWriteRate')],
    },
    network: {
      ...shared,
      name: 'Network',
      measure: 'rate',
      top: rateTop('networkReceiveRate', 'networkTransmitRate'),
      lines: [
        rate('in', 's1', 'networkReceiveRate', { area: true }),
        rate('out', 's5', 'networkTransmitRate', { area: true, mirrored: true }),
      ],
    },
  }
}

const sum = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a + b)

const mostOf = (points: readonly Point[], figures: readonly Charted[]): number =>
  points.reduce((most, point) => figures.reduce((high, figure) => Math.max(high, point.means[figure] ?? 0), most), 0)

const endsInGap = (gaps: readonly ChartGap[], to: number): boolean => gaps.at(-1)?.to === to
