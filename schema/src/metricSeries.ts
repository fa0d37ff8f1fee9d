// Series: the samples of a range as points of one width, as charts need them.
import { builder } from './builder.ts'
import { AFTER, type Edge, type Page, type PageArgs } from './paging.ts'

export interface MetricStat {
  avg: number
  min: number
  max: number
}

export const FIGURES = [
  'cpuPercent',
  'stealPercent',
  'load1',
  'memoryTotal',
  'memoryUsed',
  'memoryCached',
  'memoryAvailable',
  'swapUsed',
  'diskTotal',
  'diskUsed',
  'diskReadRate',
  'diskWriteRate',
  'networkReceiveRate',
  'networkTransmitRate',
] as const
export type Figure = (typeof FIGURES)[number]

export type MetricPoint = { at: Date; count: number } & Record<Figure, MetricStat | null>

export interface MetricGap {
  from: Date
  to: Date
  dropped: number | null
}

export interface MetricPage extends Page<MetricPoint> {
  stepSeconds: number
  /** SAMPLES, FIVE_MINUTES or HOURS: what the points were computed from. */
  source: 'SAMPLES' | 'ROLLUPS'
  gaps: MetricGap[]
}

export interface MetricsArgs extends PageArgs {
  instanceId: string
  from: Date
  to: Date
  /** Width of a point; absent: chosen so that the range has at most 300 points. */
  stepSeconds?: number | null | undefined
}

const StatRef = builder.objectRef<MetricStat>('MetricStat').implement({
  description: 'A figure over the time of one point.',
  fields: (t) => ({
    avg: t.exposeFloat('avg', { description: 'Mean of the samples.' }),
    min: t.exposeFloat('min', { description: 'Smallest.' }),
    max: t.exposeFloat('max', { description: 'Largest.' }),
  }),
})

const FIGURE_TEXT: Record<Figure, string> = {
  cpuPercent: 'Busy share of all cores, 0–100.',
  stealPercent: 'Share taken by the hypervisor, 0–100.',
  load1: 'Load average over 1 minute.',
  memoryTotal: 'Memory, in bytes.',
  memoryUsed: 'Memory in use, in bytes.',
  memoryCached: 'Page cache, in bytes.',
  memoryAvailable: 'Memory still to be had, in bytes.',
  swapUsed: 'Swap in use, in bytes.',
  diskTotal: 'Size of all devices, in bytes.',
  diskUsed: 'In use on all devices, in bytes.',
  diskReadRate: 'Read from all devices, in bytes per second.',
  diskWriteRate: 'Written to all devices, in bytes per second.',
  networkReceiveRate: 'Received on all interfaces but loopback, in bytes per second.',
  networkTransmitRate: 'Sent on all interfaces but loopback, in bytes per second.',
}

const MetricPointRef = builder.objectRef<MetricPoint>('MetricPoint').implement({
  description:
    'The samples of [at, at + step). A figure is null where no sample of that time had it; times without samples have no point.',
  fields: (t) => ({
    at: t.expose('at', { type: 'DateTime', description: 'Begin of its time.' }),
    count: t.exposeInt('count', { description: 'Samples in it.' }),
    ...(Object.fromEntries(
      FIGURES.map((figure) => [
        figure,
        t.expose(figure, { type: StatRef, nullable: true, description: FIGURE_TEXT[figure] }),
      ]),
    ) as object),
  }),
})

const GapRef = builder.objectRef<MetricGap>('MetricGap').implement({
  description: 'Samples that an agent had to drop from a full spool. They are counted, and lost.',
  fields: (t) => ({
    from: t.expose('from', { type: 'DateTime', description: 'First dropped.' }),
    to: t.expose('to', { type: 'DateTime', description: 'Last dropped.' }),
    dropped: t.exposeInt('dropped', { nullable: true, description: 'How many.' }),
  }),
})

const MetricSourceEnum = builder.enumType('MetricSource', {
  description: 'What points were computed from.',
  values: {
    SAMPLES: { description: 'Raw samples.' },
    ROLLUPS: { description: 'Rollups, and raw samples where those are not complete yet.' },
  },
})

const MetricEdgeRef = builder.objectRef<Edge<MetricPoint>>('MetricPointEdge').implement({
  description: 'One point in a series.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', { description: 'Position of this edge; opaque.' }),
    node: t.field({ type: MetricPointRef, description: 'The point.', resolve: (edge) => edge.node }),
  }),
})
const MetricConnection = builder.objectRef<MetricPage>('MetricPointConnection').implement({
  description: 'A series, oldest first.',
  fields: (t) => ({
    edges: t.field({ type: [MetricEdgeRef], description: 'The points, in order.', resolve: (page) => page.edges }),
    hasNextPage: t.exposeBoolean('hasNextPage', { description: 'Whether more follow in the range.' }),
    endCursor: t.string({
      nullable: true,
      description: 'Give this as `after` to go on.',
      resolve: (page) => page.edges.at(-1)?.cursor ?? null,
    }),
    stepSeconds: t.exposeInt('stepSeconds', { description: 'Width of a point, in seconds.' }),
    source: t.expose('source', { type: MetricSourceEnum, description: 'What the points were computed from.' }),
    gaps: t.expose('gaps', { type: [GapRef], description: 'Drops that the agent reported within the range.' }),
  }),
})

builder.queryField('metrics', (t) =>
  t.field({
    type: MetricConnection,
    can: 'metric.read',
    description: 'A series of one instance over [from, to).',
    args: {
      instanceId: t.arg.id({ required: true, description: 'The instance.' }),
      from: t.arg({ type: 'DateTime', required: true, description: 'Not before.' }),
      to: t.arg({ type: 'DateTime', required: true, description: 'Before.' }),
      stepSeconds: t.arg.int({
        description: 'Width of a point, 1 s to 1 d; absent: such that the range has at most 300 points.',
      }),
      first: t.arg.int({ description: 'How many points at most (1–2000, default 2000).' }),
      after: t.arg.string({ description: AFTER }),
    },
    resolve: (_, args, { viewer, metrics }) => metrics.series(viewer, args),
  }),
)
