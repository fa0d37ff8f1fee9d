// Makes a sample of two readings: rates over the monotonic time between them, and no value where a counter went back.
import { LIMITS } from '@sindri/schema/contract/limits'
import type { CpuTimes, DiskReading, NetworkReading, Reading } from './reading.ts'
import type { Cpu, Disk, NetworkInterface, Sample, TopProcess } from './sample.ts'

const topCount = 10
/** As many as the console takes. */
const maxCores = 1024

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits))
const percent = (share: number): number => rounded(Math.min(100, Math.max(0, share * 100)), 2)

/** null after a counter reset, and over no time at all. */
function rate(before: number | null | undefined, after: number | null, seconds: number): number | null {
  if (before === null || before === undefined || after === null || after < before || seconds <= 0) return null
  return Math.round((after - before) / seconds)
}

function usage(before: CpuTimes | undefined, after: CpuTimes): { busy: number; steal: number } | null {
  if (!before) return null
  const total = after.total - before.total
  const busy = after.busy - before.busy
  const steal = after.steal - before.steal
  if (total <= 0 || busy < 0 || steal < 0) return null
  return { busy: percent(busy / total), steal: percent(steal / total) }
}

function toCpu(before: Reading, after: Reading): Cpu | null {
  if (!after.cpu && !after.load) return null
  const all = after.cpu && usage(before.cpu?.all, after.cpu.all)
  const cores = after.cpu?.cores ?? []
  // A core that came or went shifts all others: better no row than a row of the wrong cores.
  const comparable = cores.length > 0 && cores.length === before.cpu?.cores.length
  const perCore = comparable ? cores.map((core, index) => usage(before.cpu?.cores[index], core)?.busy) : []
  const whole = perCore.filter((value) => value !== undefined)
  return {
    usagePercent: all?.busy ?? null,
    perCore: whole.length > 0 && whole.length === perCore.length ? whole.slice(0, maxCores) : null,
    loadAvg1: after.load?.[0] ?? null,
    loadAvg5: after.load?.[1] ?? null,
    loadAvg15: after.load?.[2] ?? null,
    coreCount: cores.length || null,
    stealPercent: all?.steal ?? null,
  }
}

function toDisk(disk: DiskReading, before: Reading, seconds: number): Disk {
  const { readBytes, writtenBytes, ...rest } = disk
  const earlier = before.disks?.find(
    ({ device, mountPoint }) => device === disk.device && mountPoint === disk.mountPoint,
  )
  return {
    ...rest,
    readBytesPerSecond: rate(earlier?.readBytes, readBytes, seconds),
    writeBytesPerSecond: rate(earlier?.writtenBytes, writtenBytes, seconds),
  }
}

function toInterface(counters: NetworkReading, before: Reading, seconds: number): NetworkInterface {
  const earlier = before.network?.find(({ name }) => name === counters.name)
  return {
    ...counters,
    rxBytesPerSecond: rate(earlier?.rxBytes, counters.rxBytes, seconds),
    txBytesPerSecond: rate(earlier?.txBytes, counters.txBytes, seconds),
  }
}

function toTop(before: Reading, after: Reading, seconds: number): TopProcess[] | null {
  if (!after.processes) return null
  const all = [...after.processes].map(([pid, { name, start, cpuSeconds, cpuPercent, memoryBytes }]): TopProcess => {
    const earlier = before.processes?.get(pid)
    const from = earlier?.start === start ? earlier.cpuSeconds : null
    const used = cpuSeconds === null || from === null ? null : cpuSeconds - from
    const share = used === null || used < 0 || seconds <= 0 ? cpuPercent : (used / seconds) * 100
    return { pid, name, cpuPercent: share === null ? null : rounded(share, 1), memoryBytes }
  })
  const byLoad = (a: TopProcess, b: TopProcess): number =>
    (b.cpuPercent ?? 0) - (a.cpuPercent ?? 0) || (b.memoryBytes ?? 0) - (a.memoryBytes ?? 0) || a.pid - b.pid
  return all.sort(byLoad).slice(0, topCount)
}

export function toSample(before: Reading, after: Reading): Sample {
  const seconds = (after.monotonicMs - before.monotonicMs) / 1000
  return {
    cpu: toCpu(before, after),
    memory: after.memory,
    disks: after.disks?.slice(0, LIMITS.listItems).map((disk) => toDisk(disk, before, seconds)) ?? null,
    network:
      after.network?.slice(0, LIMITS.listItems).map((counters) => toInterface(counters, before, seconds)) ?? null,
    processCount: after.processCount,
    topProcesses: toTop(before, after, seconds),
    uptimeSeconds: after.uptimeSeconds,
    cgroup: after.cgroup,
  }
}
