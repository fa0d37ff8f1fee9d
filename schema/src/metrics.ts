// Metrics: samples as agents take them, and series as charts need them.
import { builder } from './builder.ts'
import type { FaultCode } from './contract/codes.ts'
import type { AgentViewer, Viewer } from './context.ts'
import { AFTER, connectionOf, type Edge, FIRST, type Page, type PageArgs } from './paging.ts'

export interface Cpu {
  usagePercent: number | null
  perCore: number[] | null
  loadAvg1: number | null
  loadAvg5: number | null
  loadAvg15: number | null
  coreCount: number | null
  stealPercent: number | null
}
export interface Memory {
  total: number | null
  used: number | null
  free: number | null
  cached: number | null
  available: number | null
  swapTotal: number | null
  swapUsed: number | null
}
export interface Disk {
  mountPoint: string
  device: string | null
  fsType: string | null
  total: number | null
  used: number | null
  free: number | null
  readBytesPerSecond: number | null
  writeBytesPerSecond: number | null
}
export interface NetworkInterface {
  name: string
  rxBytes: number | null
  txBytes: number | null
  rxPackets: number | null
  txPackets: number | null
  rxBytesPerSecond: number | null
  txBytesPerSecond: number | null
}
export interface Process {
  pid: number
  name: string
  cpuPercent: number | null
  memoryBytes: number | null
}
export interface Cgroup {
  cpuLimitCores: number | null
  memoryLimitBytes: number | null
  memoryUsedBytes: number | null
}
export interface MetricSample {
  at: Date
  cpu: Cpu | null
  memory: Memory | null
  disks: Disk[] | null
  network: NetworkInterface[] | null
  processCount: number | null
  topProcesses: Process[] | null
  uptimeSeconds: number | null
  cgroup: Cgroup | null
}

/** A sample of one instance on its way to a viewer. */
export interface LiveSample {
  instanceId: string
  sample: MetricSample
  /** Whether it is also stored; false for the faster samples taken while somebody looks. */
  stored: boolean
}

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

export interface MetricSnapshotsArgs extends PageArgs {
  instanceId: string
  from: Date
  to: Date
}

export const RECORD_OUTCOMES = ['STORED', 'REPEATED', 'REFUSED'] as const
export type RecordOutcome = (typeof RECORD_OUTCOMES)[number]

export interface Refusal {
  index: number
  code: FaultCode
  field: string | null
  expected: string | null
  got: string | null
}

/** One outcome a record, in the order of the request; why, for those refused. */
export interface PublishAnswer {
  outcomes: RecordOutcome[]
  refusals: Refusal[]
}

/** A record as it arrives: shaped by GraphQL, its values not checked yet. */
export type Unchecked<T> = T extends Date | number
  ? unknown
  : T extends (infer Item)[]
    ? readonly Unchecked<Item>[]
    : T extends object
      ? { [Key in keyof T]?: Unchecked<T[Key]> | null | undefined }
      : T

export interface RecordIdentity {
  run: string
  seq: unknown
}
export type SampleInput = RecordIdentity & Unchecked<MetricSample>
export interface GapInput extends RecordIdentity {
  from: unknown
  to: unknown
  dropped: unknown
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

const bytes = (what: string) => ({
  type: 'BigInt' as const,
  nullable: true as const,
  description: `${what}, in bytes.`,
})
const rate = (what: string) => ({
  nullable: true as const,
  description: `${what}, in bytes per second; null after a counter reset.`,
})

const CpuRef = builder.objectRef<Cpu>('Cpu').implement({
  description: 'Processor, from /proc/stat and /proc/loadavg on Linux.',
  fields: (t) => ({
    usagePercent: t.exposeFloat('usagePercent', {
      nullable: true,
      description: 'Busy share of all cores since the last sample, 0–100.',
    }),
    perCore: t.exposeFloatList('perCore', { nullable: true, description: 'The same for each core, in order.' }),
    loadAvg1: t.exposeFloat('loadAvg1', { nullable: true, description: 'Load average over 1 minute.' }),
    loadAvg5: t.exposeFloat('loadAvg5', { nullable: true, description: 'Load average over 5 minutes.' }),
    loadAvg15: t.exposeFloat('loadAvg15', { nullable: true, description: 'Load average over 15 minutes.' }),
    coreCount: t.exposeInt('coreCount', { nullable: true, description: 'Logical cores.' }),
    stealPercent: t.exposeFloat('stealPercent', {
      nullable: true,
      description: 'Share taken by the hypervisor, 0–100.',
    }),
  }),
})
const MemoryRef = builder.objectRef<Memory>('Memory').implement({
  description: 'Memory, from /proc/meminfo on Linux.',
  fields: (t) => ({
    total: t.expose('total', bytes('All of it')),
    used: t.expose('used', bytes('Total minus available')),
    free: t.expose('free', bytes('Used for nothing at all')),
    cached: t.expose('cached', bytes('Page cache and reclaimable slabs')),
    available: t.expose('available', bytes('What programs could still get')),
    swapTotal: t.expose('swapTotal', bytes('Swap')),
    swapUsed: t.expose('swapUsed', bytes('Swap in use')),
  }),
})
const DiskRef = builder.objectRef<Disk>('Disk').implement({
  description: 'A mounted device; bind mounts and overlay layers of one device count once.',
  fields: (t) => ({
    mountPoint: t.exposeString('mountPoint', { description: 'Where it is mounted.' }),
    device: t.exposeString('device', { nullable: true, description: 'Device, such as "/dev/sda1".' }),
    fsType: t.exposeString('fsType', { nullable: true, description: 'File system, such as "ext4".' }),
    total: t.expose('total', bytes('Size')),
    used: t.expose('used', bytes('In use')),
    free: t.expose('free', bytes('Free for ordinary users')),
    readBytesPerSecond: t.exposeFloat('readBytesPerSecond', rate('Read')),
    writeBytesPerSecond: t.exposeFloat('writeBytesPerSecond', rate('Written')),
  }),
})
const NetworkRef = builder.objectRef<NetworkInterface>('NetworkInterface').implement({
  description: 'A network interface; counters since it came up.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Name, such as "eth0".' }),
    rxBytes: t.expose('rxBytes', bytes('Received in all')),
    txBytes: t.expose('txBytes', bytes('Sent in all')),
    rxPackets: t.expose('rxPackets', { type: 'BigInt', nullable: true, description: 'Packets received in all.' }),
    txPackets: t.expose('txPackets', { type: 'BigInt', nullable: true, description: 'Packets sent in all.' }),
    rxBytesPerSecond: t.exposeFloat('rxBytesPerSecond', rate('Received')),
    txBytesPerSecond: t.exposeFloat('txBytesPerSecond', rate('Sent')),
  }),
})
const ProcessRef = builder.objectRef<Process>('Process').implement({
  description: 'One of the busiest processes.',
  fields: (t) => ({
    pid: t.exposeInt('pid', { description: 'Process id.' }),
    name: t.exposeString('name', { description: 'Name of the program.' }),
    cpuPercent: t.exposeFloat('cpuPercent', {
      nullable: true,
      description: 'Share of one core since the last sample.',
    }),
    memoryBytes: t.expose('memoryBytes', bytes('Resident memory')),
  }),
})
const CgroupRef = builder.objectRef<Cgroup>('Cgroup').implement({
  description: 'Limits of the container the agent runs in.',
  fields: (t) => ({
    cpuLimitCores: t.exposeFloat('cpuLimitCores', {
      nullable: true,
      description: 'Processor limit, in cores; null without one.',
    }),
    memoryLimitBytes: t.expose('memoryLimitBytes', bytes('Memory limit')),
    memoryUsedBytes: t.expose('memoryUsedBytes', bytes('Memory charged to it')),
  }),
})

export const MetricSampleRef = builder.objectRef<MetricSample>('MetricSample').implement({
  description: 'One sample, as measured; what the platform does not have is null.',
  fields: (t) => ({
    at: t.expose('at', { type: 'DateTime', description: 'When it was taken, in console time.' }),
    cpu: t.expose('cpu', { type: CpuRef, nullable: true, description: 'Processor.' }),
    memory: t.expose('memory', { type: MemoryRef, nullable: true, description: 'Memory.' }),
    disks: t.expose('disks', { type: [DiskRef], nullable: true, description: 'Mounted devices.' }),
    network: t.expose('network', {
      type: [NetworkRef],
      nullable: true,
      description: 'Network interfaces, loopback included.',
    }),
    processCount: t.exposeInt('processCount', { nullable: true, description: 'Processes in all.' }),
    topProcesses: t.expose('topProcesses', {
      type: [ProcessRef],
      nullable: true,
      description: 'The busiest, by processor.',
    }),
    uptimeSeconds: t.exposeFloat('uptimeSeconds', {
      nullable: true,
      description: 'Uptime of the machine, in seconds.',
    }),
    cgroup: t.expose('cgroup', {
      type: CgroupRef,
      nullable: true,
      description: 'Limits of its container, where it is one.',
    }),
  }),
})

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

const figure = (description: string) => ({ type: 'Figure' as const, description })

const CpuInput = builder.inputType('CpuInput', {
  description: 'Processor.',
  fields: (t) => ({
    usagePercent: t.field(figure('Busy share of all cores, 0–100.')),
    perCore: t.field({ type: ['Figure'], description: 'The same for each core, at most 1024.' }),
    loadAvg1: t.field(figure('Load average over 1 minute.')),
    loadAvg5: t.field(figure('Load average over 5 minutes.')),
    loadAvg15: t.field(figure('Load average over 15 minutes.')),
    coreCount: t.field(figure('Logical cores.')),
    stealPercent: t.field(figure('Share taken by the hypervisor, 0–100.')),
  }),
})
const MemoryInput = builder.inputType('MemoryInput', {
  description: 'Memory, in bytes.',
  fields: (t) => ({
    total: t.field(figure('All of it.')),
    used: t.field(figure('Total minus available.')),
    free: t.field(figure('Used for nothing at all.')),
    cached: t.field(figure('Page cache and reclaimable slabs.')),
    available: t.field(figure('What programs could still get.')),
    swapTotal: t.field(figure('Swap.')),
    swapUsed: t.field(figure('Swap in use.')),
  }),
})
const DiskInput = builder.inputType('DiskInput', {
  description: 'A mounted device.',
  fields: (t) => ({
    mountPoint: t.string({ required: true, description: 'Where it is mounted.' }),
    device: t.string({ description: 'Device.' }),
    fsType: t.string({ description: 'File system.' }),
    total: t.field(figure('Size, in bytes.')),
    used: t.field(figure('In use, in bytes.')),
    free: t.field(figure('Free for ordinary users, in bytes.')),
    readBytesPerSecond: t.field(figure('Read, by the monotonic clock.')),
    writeBytesPerSecond: t.field(figure('Written, by the monotonic clock.')),
  }),
})
const NetworkInput = builder.inputType('NetworkInterfaceInput', {
  description: 'A network interface; loopback is named "lo" and not counted in totals.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'Name.' }),
    rxBytes: t.field(figure('Received in all, in bytes.')),
    txBytes: t.field(figure('Sent in all, in bytes.')),
    rxPackets: t.field(figure('Packets received in all.')),
    txPackets: t.field(figure('Packets sent in all.')),
    rxBytesPerSecond: t.field(figure('Received, by the monotonic clock.')),
    txBytesPerSecond: t.field(figure('Sent, by the monotonic clock.')),
  }),
})
const ProcessInput = builder.inputType('ProcessInput', {
  description: 'One of the busiest processes.',
  fields: (t) => ({
    pid: t.field({ type: 'Figure', required: true, description: 'Process id.' }),
    name: t.string({ required: true, description: 'Name of the program.' }),
    cpuPercent: t.field(figure('Share of one core.')),
    memoryBytes: t.field(figure('Resident memory, in bytes.')),
  }),
})
const CgroupInput = builder.inputType('CgroupInput', {
  description: 'Limits of the container.',
  fields: (t) => ({
    cpuLimitCores: t.field(figure('Processor limit, in cores.')),
    memoryLimitBytes: t.field(figure('Memory limit, in bytes.')),
    memoryUsedBytes: t.field(figure('Memory charged to it, in bytes.')),
  }),
})

const sampleFields = (t: PothosSchemaTypes.InputFieldBuilder<typeof builder.$inferSchemaTypes, 'InputObject'>) => ({
  at: t.field({
    type: 'JSON',
    required: true,
    description: 'When it was taken, in console time: RFC 3339 with zone. Checked per record.',
  }),
  cpu: t.field({ type: CpuInput, description: 'Processor.' }),
  memory: t.field({ type: MemoryInput, description: 'Memory.' }),
  disks: t.field({ type: [DiskInput], description: 'Mounted devices, at most 256.' }),
  network: t.field({ type: [NetworkInput], description: 'Network interfaces, at most 256.' }),
  processCount: t.field(figure('Processes in all.')),
  topProcesses: t.field({ type: [ProcessInput], description: 'The busiest, at most 20.' }),
  uptimeSeconds: t.field(figure('Uptime of the machine.')),
  cgroup: t.field({ type: CgroupInput, description: 'Limits of its container.' }),
})

const MetricSampleInput = builder.inputType('MetricSampleInput', {
  description: 'A sample as a record: (instance, run, stream "samples", seq) is its identity.',
  fields: (t) => ({
    run: t.string({ required: true, description: 'ULID of the run of the agent that took it.' }),
    seq: t.field({ type: 'Figure', required: true, description: 'Counts from 1 inside run and stream.' }),
    ...sampleFields(t),
  }),
})
const LiveSampleInput = builder.inputType('LiveSampleInput', {
  description: 'A sample for those who look now; it is not stored.',
  fields: (t) => sampleFields(t),
})
const MetricGapInput = builder.inputType('MetricGapInput', {
  description: 'Samples that a full spool had to drop, as a record of the stream "gaps".',
  fields: (t) => ({
    run: t.string({ required: true, description: 'ULID of the run that dropped them.' }),
    seq: t.field({ type: 'Figure', required: true, description: 'Counts from 1 inside run and stream.' }),
    from: t.field({ type: 'JSON', required: true, description: '`at` of the first dropped.' }),
    to: t.field({ type: 'JSON', required: true, description: '`at` of the last dropped.' }),
    dropped: t.field({ type: 'Figure', required: true, description: 'How many.' }),
  }),
})

const RecordOutcomeEnum = builder.enumType('RecordOutcome', {
  description: 'What became of one record.',
  values: {
    STORED: { description: 'Committed by this mutation.' },
    REPEATED: { description: 'Was committed before; nothing changed.' },
    REFUSED: { description: 'Final: sending it again cannot help.' },
  },
})
const RefusalRef = builder.objectRef<Refusal>('Refusal').implement({
  description: 'Why a record was refused.',
  fields: (t) => ({
    index: t.exposeInt('index', { description: 'Its position in the request, from 0.' }),
    code: t.exposeString('code', { description: 'Fault code.' }),
    field: t.exposeString('field', { nullable: true, description: 'Which value.' }),
    expected: t.exposeString('expected', { nullable: true, description: 'What was expected.' }),
    got: t.exposeString('got', { nullable: true, description: 'What was got, shortened.' }),
  }),
})
export const PublishAnswerRef = builder.objectRef<PublishAnswer>('PublishAnswer').implement({
  description: 'The answer to records, given after they are durable.',
  fields: (t) => ({
    outcomes: t.expose('outcomes', {
      type: [RecordOutcomeEnum],
      description: 'One a record, in the order of the request.',
    }),
    refusals: t.expose('refusals', { type: [RefusalRef], description: 'One for each refused record.' }),
  }),
})

const RECORDS = 'At most 500 records and 256 KiB.'

builder.mutationFields((t) => ({
  publishSamples: t.field({
    type: PublishAnswerRef,
    can: 'agent.report',
    audit: 'agent',
    description:
      'Samples of the calling agent. Answers after commit; UNAVAILABLE with retryAfterMs when the console is too busy.',
    args: {
      records: t.arg({ type: [MetricSampleInput], required: { list: true, items: false }, description: RECORDS }),
    },
    resolve: (_, { records }, { viewer, metrics }) =>
      metrics.publish(viewer as AgentViewer, records as (SampleInput | null)[]),
  }),
  publishGaps: t.field({
    type: PublishAnswerRef,
    can: 'agent.report',
    audit: 'agent',
    description: 'Drops from the spool of the calling agent.',
    args: {
      records: t.arg({ type: [MetricGapInput], required: { list: true, items: false }, description: RECORDS }),
    },
    resolve: (_, { records }, { viewer, metrics }) =>
      metrics.publishGaps(viewer as AgentViewer, records as (GapInput | null)[]),
  }),
  publishLiveSample: t.boolean({
    can: 'agent.report',
    audit: 'agent',
    description:
      'A sample for those who look now. false: certainly nobody saw it, and extra samples are in vain until the next SampleFasterOrder.',
    args: { sample: t.arg({ type: LiveSampleInput, required: true, description: 'The sample.' }) },
    resolve: (_, { sample }, { viewer, metrics }) =>
      metrics.publishLive(viewer as AgentViewer, sample as Unchecked<MetricSample>),
  }),
}))
