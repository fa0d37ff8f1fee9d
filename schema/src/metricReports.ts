// What agents report of their machines: samples and gaps as records, and samples for those who look now.
import { builder } from './builder.ts'
import type { AgentViewer } from './context.ts'
import type { MetricSample } from './metricSamples.ts'
import { PublishAnswerRef, type RecordIdentity, type Unchecked } from './records.ts'

export type SampleInput = RecordIdentity & Unchecked<MetricSample>
export interface GapInput extends RecordIdentity {
  from: unknown
  to: unknown
  dropped: unknown
}

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
