// A sample: what an agent measured of its machine at one moment.
import { builder } from './builder.ts'

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
