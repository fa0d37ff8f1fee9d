// A chart in the words of ApexCharts.
import type { ApexOptions } from 'apexcharts'
import { axisLabel } from './axis.ts'
import { type Chart, cutAtGaps, pointWords } from './chart.ts'
import type { DrawnChart } from './chartBand.ts'
import { format, MISSING } from './format.ts'
import type { Token } from './tokens.ts'

/** The library blanks a label that equals another one; below and above the middle of a mirrored axis they do. */
const DISTINCT = '\u200b'

type XAnnotation = NonNullable<NonNullable<ApexOptions['annotations']>['xaxis']>[number]

export interface ChartDress {
  colours: Record<Token, string>
  nonce: string
  /** Charts of one group share their crosshair. */
  group: string
  onZoom(from: number, to: number): void
  onMark(id: string): void
  /** After each drawing, whoever asked for it. */
  onDrawn(drawn: DrawnChart): void
}

export const chartOptions = (chart: Chart, dress: ChartDress): ApexOptions => {
  const { colours } = dress
  const mirrored = chart.lines.some((line) => line.mirrored)
  const label = axisLabel(chart.measure, chart.top)
  const cut = chart.lines.map((line) => cutAtGaps(line.points, chart.gaps))
  // What is beyond the axis, such as a load of more than the cores, runs along its end instead of out of sight.
  const drawn = (value: number, mirrored = false): number => Math.min(value, chart.top) * (mirrored ? -1 : 1)
  const series = chart.lines.map((line, index) => ({
    name: line.name,
    type: line.area ? 'area' : 'line',
    data: (cut[index] ?? []).map(
      ({ at, value }) => [at, value === null ? null : drawn(value, line.mirrored)] as [number, number | null],
    ),
  }))

  return {
    series,
    chart: {
      type: 'area',
      height: 146,
      group: dress.group,
      id: `${dress.group}-${chart.id}`,
      fontFamily: 'inherit',
      foreColor: colours.ink3,
      background: 'transparent',
      toolbar: { show: false, autoSelected: 'zoom' },
      animations: { enabled: false },
      zoom: { type: 'x', enabled: true, allowMouseWheelZoom: false },
      parentHeightOffset: 0,
      nonce: dress.nonce,
      events: {
        mounted: (drawn) => dress.onDrawn(drawn as DrawnChart),
        updated: (drawn) => dress.onDrawn(drawn as DrawnChart),
        // The address decides what is shown: the chart asks, and is told.
        zoomed: (_, { xaxis }) => {
          if (xaxis?.min !== undefined && xaxis.max !== undefined) dress.onZoom(xaxis.min, xaxis.max)
        },
      },
    },
    colors: chart.lines.map((line) => colours[line.token]),
    stroke: {
      width: 1.5,
      curve: 'straight',
      lineCap: 'round',
      dashArray: chart.lines.map((line) => (line.dashed ? 3 : 0)),
    },
    fill: { type: 'solid', opacity: chart.lines.map((line) => (line.area ? 0.1 : 1)) },
    dataLabels: { enabled: false },
    legend: { show: false },
    grid: {
      borderColor: colours.line,
      xaxis: { lines: { show: false } },
      padding: { top: -22, right: 10, bottom: -12, left: 6 },
    },
    xaxis: {
      type: 'datetime',
      min: chart.from,
      max: chart.to,
      axisBorder: { show: true, color: colours.line2 },
      axisTicks: { show: false },
      tooltip: { enabled: false },
      labels: {
        datetimeUTC: false,
        offsetY: -3,
        style: { fontSize: '11px' },
        datetimeFormatter: {
          year: 'yyyy',
          month: "MMM 'yy",
          day: 'd MMM',
          hour: 'HH:mm',
          minute: 'HH:mm',
          second: 'HH:mm:ss',
        },
      },
      crosshairs: { stroke: { color: colours.ink2, width: 1, dashArray: 0 } },
    },
    yaxis: {
      min: mirrored ? -chart.top : 0,
      max: chart.top,
      tickAmount: 2,
      forceNiceScale: false,
      labels: {
        minWidth: 56,
        maxWidth: 56,
        offsetX: -6,
        style: { fontSize: '11px' },
        formatter: (value: number) => (value < 0 ? `${label(value)}${DISTINCT}` : label(value)),
      },
    },
    tooltip: {
      shared: true,
      intersect: false,
      // A clock alone says which moment, as long as the span holds it once.
      x: { formatter: chart.to - chart.from < 86_400_000 ? format.timeExact : format.exact },
      y: chart.lines.map((line, index) => ({
        title: { formatter: (name: string) => name },
        // The value itself: where it is drawn may be the end of the axis.
        formatter: (_: number | null | undefined, place?: { dataPointIndex: number }) => {
          const point = cut[index]?.[place?.dataPointIndex ?? -1]
          return (point && pointWords(line, point)) ?? MISSING
        },
      })),
    },
    markers: { size: 0, strokeWidth: 0, hover: { size: 3 } },
    annotations: {
      xaxis: [
        ...chart.gaps.map((gap): XAnnotation => ({
          x: gap.from,
          x2: gap.to,
          fillColor: colours.ink3,
          opacity: 0.12,
          borderColor: 'transparent',
        })),
        ...chart.marks.map((mark): XAnnotation => ({ x: mark.at, strokeDashArray: 3, borderColor: colours.ink3 })),
      ],
      points: [
        ...chart.marks.map((mark) => ({
          x: mark.at,
          y: mirrored ? -chart.top : 0,
          marker: {
            size: 4,
            fillColor: colours.ink3,
            strokeColor: colours.surface,
            strokeWidth: 0,
            shape: 'triangle' as const,
            cssClass: 'mark',
          },
          click: () => dress.onMark(mark.id),
        })),
        ...(chart.live
          ? series.flatMap(({ data }, index) => (chart.lines[index]?.dashed ? [] : edgeOf(data, colours)))
          : []),
      ],
    },
  }
}

/**
 * The live edge: an ember square on its corner on the last point of a line. As an annotation: a marker of its own
 * would make the library draw one for every other point as well.
 */
const edgeOf = (data: [number, number | null][], colours: Record<Token, string>) => {
  const last = data.findLast(([, value]) => value !== null)
  return last
    ? [
        {
          x: last[0],
          y: last[1] ?? 0,
          marker: {
            size: 4,
            fillColor: colours.glow,
            strokeColor: colours.surface,
            strokeWidth: 1,
            shape: 'diamond' as const,
          },
        },
      ]
    : []
}
