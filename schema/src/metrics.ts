// Metrics: who keeps them, and whole samples as they were and as they arrive.
import { builder } from './builder.ts'
import type { AgentViewer, Viewer } from './context.ts'
import type { GapInput, SampleInput } from './metricReports.ts'
import { type MetricSample, MetricSampleRef } from './metricSamples.ts'
import type { MetricPage, MetricsArgs } from './metricSeries.ts'
import { AFTER, connectionOf, FIRST, type Page, type PageArgs } from './paging.ts'
import type { PublishAnswer, Unchecked } from './records.ts'

/** A sample of one instance on its way to a viewer. */
export interface LiveSample {
  instanceId: string
  sample: MetricSample
  /** Whether it is also stored; false for the faster samples taken while somebody looks. */
  stored: boolean
}

export interface MetricSnapshotsArgs extends PageArgs {
  instanceId: string
  from: Date
  to: Date
}

export interface Metrics {
  series(viewer: Viewer, args: MetricsArgs): Promise<MetricPage>
  /** Whole samples, one every 5 minutes, of the last 48 hours. */
  snapshots(viewer: Viewer, args: MetricSnapshotsArgs): Promise<Page<MetricSample>>
  /** Newest stored sample; calls of one tick are answered by one query. */
  latest(viewer: Viewer, instanceId: string): Promise<MetricSample | null>
  watch(viewer: Viewer, instanceIds: string[]): Promise<AsyncIterable<LiveSample>>
  publish(agent: AgentViewer, records: readonly (SampleInput | null)[]): Promise<PublishAnswer>
  publishGaps(agent: AgentViewer, records: readonly (GapInput | null)[]): Promise<PublishAnswer>
  publishLive(agent: AgentViewer, sample: Unchecked<MetricSample>): Promise<boolean>
}

const MetricSampleConnection = connectionOf('MetricSample', MetricSampleRef)

builder.queryField('metricSnapshots', (t) =>
  t.field({
    type: MetricSampleConnection,
    can: 'metric.read',
    description:
      'Whole samples of one instance over [from, to), oldest first: cores, mounts, interfaces and processes as they were. One every 5 minutes, of the last 48 hours; times without samples have none.',
    args: {
      instanceId: t.arg.id({ required: true, description: 'The instance.' }),
      from: t.arg({ type: 'DateTime', required: true, description: 'Not before.' }),
      to: t.arg({ type: 'DateTime', required: true, description: 'Before.' }),
      first: t.arg.int({ description: FIRST }),
      after: t.arg.string({ description: AFTER }),
    },
    resolve: (_, args, { viewer, metrics }) => metrics.snapshots(viewer, args),
  }),
)

const LiveSampleRef = builder.objectRef<LiveSample>('LiveSample').implement({
  description: 'A sample just taken.',
  fields: (t) => ({
    instanceId: t.exposeID('instanceId', { description: 'Whose it is.' }),
    sample: t.expose('sample', { type: MetricSampleRef, description: 'The sample.' }),
    stored: t.exposeBoolean('stored', { description: 'false for the faster samples taken only while somebody looks.' }),
  }),
})

builder.subscriptionField('metricSampled', (t) =>
  t.field({
    type: LiveSampleRef,
    can: 'metric.read',
    // Whoever may watch sees the same of a sample.
    extensions: { shared: true },
    description: 'Samples as they arrive. Watching one instance makes its agent sample every 2 s meanwhile.',
    args: {
      instanceIds: t.arg.idList({ required: true, description: 'Which (1–200). Only a single one is sampled faster.' }),
    },
    subscribe: (_, { instanceIds }, { viewer, metrics }) => metrics.watch(viewer, instanceIds),
    resolve: (sample) => sample,
  }),
)
