// Decides by itself whether one sample may be stored: what passes has only values that the tables and the schema can hold.
import type { Cgroup, Cpu, Disk, Memory, MetricSample, NetworkInterface, Process } from '@sindri/schema'
import { badInput } from '@sindri/schema/contract/codes'
import { LIMITS } from '@sindri/schema/contract/limits'
import { itemsOf, numberOf, objectOf, runOf, seqOf, textOf, timeOf, wholeOf } from '../platform/records.ts'
import type { Window } from '../platform/records.ts'

export interface SampleRecord {
  /** As UUID. */
  run: string
  seq: number
  sample: MetricSample
}

export interface GapRecord {
  run: string
  seq: number
  from: Date
  to: Date
  dropped: number
}

/** Beyond 2^53 a byte count is not exact any more. */
const bytesMax = Number.MAX_SAFE_INTEGER
/** GraphQL's Int. */
const intMax = 2 ** 31 - 1
const coresMax = 1024
const loadMax = 1e6
/** 300 years. */
const uptimeMax = 1e10
/** Long mount points are real: container layers. */
const pathChars = 1024

/** Shares of time carry the error of two clock readings: a little above 100 is 100. */
const percentOf = (path: string, value: unknown): number | null => {
  const percent = typeof value === 'number' && value > 100 && value <= 100.1 ? 100 : value
  return numberOf(path, percent, 100)
}

const bytesOf = (path: string, value: unknown) => wholeOf(path, value, bytesMax)
const rateOf = (path: string, value: unknown) => numberOf(path, value, bytesMax)
const nameOf = (path: string, value: unknown) => textOf(path, value, LIMITS.nameChars)
const optional = (path: string, value: unknown, maxChars: number): string | null =>
  value === null || value === undefined ? null : textOf(path, value, maxChars)

const known = <T>(path: string, value: unknown, read: (fields: Record<string, unknown>) => T): T | null =>
  value === null || value === undefined ? null : read(objectOf(path, value))

const required = <T>(path: string, value: T | null): T => {
  if (value === null) throw badInput(path, 'a number', value)
  return value
}

const toCpu = (cpu: Record<string, unknown>): Cpu => ({
  usagePercent: percentOf('cpu.usagePercent', cpu.usagePercent),
  perCore: itemsOf('cpu.perCore', cpu.perCore, coresMax, (value) => required('', percentOf('', value))),
  loadAvg1: numberOf('cpu.loadAvg1', cpu.loadAvg1, loadMax),
  loadAvg5: numberOf('cpu.loadAvg5', cpu.loadAvg5, loadMax),
  loadAvg15: numberOf('cpu.loadAvg15', cpu.loadAvg15, loadMax),
  coreCount: wholeOf('cpu.coreCount', cpu.coreCount, intMax),
  stealPercent: percentOf('cpu.stealPercent', cpu.stealPercent),
})

const toMemory = (memory: Record<string, unknown>): Memory => ({
  total: bytesOf('memory.total', memory.total),
  used: bytesOf('memory.used', memory.used),
  free: bytesOf('memory.free', memory.free),
  cached: bytesOf('memory.cached', memory.cached),
  available: bytesOf('memory.available', memory.available),
  swapTotal: bytesOf('memory.swapTotal', memory.swapTotal),
  swapUsed: bytesOf('memory.swapUsed', memory.swapUsed),
})

const toDisk = (value: unknown): Disk => {
  const disk = objectOf('', value)
  return {
    mountPoint: textOf('mountPoint', disk.mountPoint, pathChars),
    device: optional('device', disk.device, pathChars),
    fsType: optional('fsType', disk.fsType, LIMITS.nameChars),
    total: bytesOf('total', disk.total),
    used: bytesOf('used', disk.used),
    free: bytesOf('free', disk.free),
    readBytesPerSecond: rateOf('readBytesPerSecond', disk.readBytesPerSecond),
    writeBytesPerSecond: rateOf('writeBytesPerSecond', disk.writeBytesPerSecond),
  }
}

const toInterface = (value: unknown): NetworkInterface => {
  const wire = objectOf('', value)
  return {
    name: nameOf('name', wire.name),
    rxBytes: bytesOf('rxBytes', wire.rxBytes),
    txBytes: bytesOf('txBytes', wire.txBytes),
    rxPackets: bytesOf('rxPackets', wire.rxPackets),
    txPackets: bytesOf('txPackets', wire.txPackets),
    rxBytesPerSecond: rateOf('rxBytesPerSecond', wire.rxBytesPerSecond),
    txBytesPerSecond: rateOf('txBytesPerSecond', wire.txBytesPerSecond),
  }
}

const toProcess = (value: unknown): Process => {
  const process = objectOf('', value)
  return {
    pid: required('pid', wholeOf('pid', process.pid, intMax)),
    name: nameOf('name', process.name),
    cpuPercent: numberOf('cpuPercent', process.cpuPercent, 100 * coresMax),
    memoryBytes: bytesOf('memoryBytes', process.memoryBytes),
  }
}

const toCgroup = (cgroup: Record<string, unknown>): Cgroup => ({
  cpuLimitCores: numberOf('cgroup.cpuLimitCores', cgroup.cpuLimitCores, loadMax),
  memoryLimitBytes: bytesOf('cgroup.memoryLimitBytes', cgroup.memoryLimitBytes),
  memoryUsedBytes: bytesOf('cgroup.memoryUsedBytes', cgroup.memoryUsedBytes),
})

const toSample = (fields: Record<string, unknown>, window: Window): MetricSample => ({
  at: new Date(timeOf('at', fields.at, window)),
  cpu: known('cpu', fields.cpu, toCpu),
  memory: known('memory', fields.memory, toMemory),
  disks: itemsOf('disks', fields.disks, LIMITS.listItems, toDisk),
  network: itemsOf('network', fields.network, LIMITS.listItems, toInterface),
  processCount: wholeOf('processCount', fields.processCount, intMax),
  topProcesses: itemsOf('topProcesses', fields.topProcesses, LIMITS.processItems, toProcess),
  uptimeSeconds: numberOf('uptimeSeconds', fields.uptimeSeconds, uptimeMax),
  cgroup: known('cgroup', fields.cgroup, toCgroup),
})

/** Throws the Fault that says why not. */
export const checkSample = (record: unknown, window: Window): SampleRecord => {
  const fields = objectOf('record', record)
  return { run: runOf(fields.run), seq: seqOf(fields.seq), sample: toSample(fields, window) }
}

/** Without an identity: it is shown and forgotten. */
export const checkLive = (sample: unknown, window: Window): MetricSample => toSample(objectOf('sample', sample), window)

export const checkGap = (record: unknown, window: Window): GapRecord => {
  const fields = objectOf('record', record)
  const gap = {
    run: runOf(fields.run),
    seq: seqOf(fields.seq),
    from: new Date(timeOf('from', fields.from, window)),
    to: new Date(timeOf('to', fields.to, window)),
    dropped: required('dropped', wholeOf('dropped', fields.dropped, intMax)),
  }
  if (gap.to < gap.from) throw badInput('to', 'a time not before `from`', fields.to)
  return gap
}
