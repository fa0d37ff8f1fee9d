// Reads what systeminformation and Node know of a machine that is not Linux. It starts processes, so it is slower.
import { LIMITS } from '@sindri/schema/contract/limits'
import { cpus, loadavg, uptime } from 'node:os'
import { fsSize, fsStats, mem, networkStats, processes as listProcesses } from 'systeminformation'
import type { Clock } from '../platform/clock.ts'
import { plain } from '../platform/text.ts'
import type { CpuTimes, DiskReading, Reader, Reading } from './reading.ts'

const finite = (value: number | null | undefined): number | null =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null

/** A part that fails leaves its figures out. */
const orNull = <T>(asked: Promise<T>): Promise<T | null> => asked.catch(() => null)

function readCpu(): Reading['cpu'] {
  const cores = cpus().map(({ times }): CpuTimes => {
    const busy = times.user + times.nice + times.sys + times.irq
    return { busy, steal: 0, total: busy + times.idle }
  })
  const sum = (of: (core: CpuTimes) => number): number => cores.reduce((total, core) => total + of(core), 0)
  return cores.length > 0
    ? { cores, all: { busy: sum(({ busy }) => busy), steal: 0, total: sum(({ total }) => total) } }
    : null
}

async function readMemory(): Promise<Reading['memory']> {
  const memory = await orNull(mem())
  return (
    memory && {
      total: finite(memory.total),
      used: finite(memory.total - memory.available),
      free: finite(memory.free),
      cached: finite(memory.buffcache),
      available: finite(memory.available),
      swapTotal: finite(memory.swaptotal),
      swapUsed: finite(memory.swapused),
    }
  )
}

/** APFS volumes share one container: "/dev/disk3s1s1" and "/dev/disk3s5" are both disk3. */
const containerOf = (device: string): string => /^\/dev\/(disk\d+)s/.exec(device)?.[1] ?? device

async function readDisks(): Promise<Reading['disks']> {
  const [volumes, io] = await Promise.all([orNull(fsSize()), orNull(fsStats())])
  if (!volumes) return null
  const disks = new Map<string, DiskReading>()
  for (const { fs, type, size, available, mount } of volumes.toSorted((a, b) => a.mount.length - b.mount.length)) {
    const key = containerOf(fs)
    if (!fs.startsWith('/dev/') || disks.has(key)) continue
    disks.set(key, {
      mountPoint: mount,
      device: fs,
      fsType: type || null,
      total: finite(size),
      // Of the whole container, since its volumes share what is free.
      used: finite(size - available),
      free: finite(available),
      // Told for all disks together; the sum is right where it stands.
      readBytes: mount === '/' ? finite(io?.rx) : null,
      writtenBytes: mount === '/' ? finite(io?.wx) : null,
    })
  }
  return [...disks.values()]
}

async function readNetwork(): Promise<Reading['network']> {
  const interfaces = await orNull(networkStats('*'))
  return (
    interfaces
      ?.filter(({ iface }) => !/^lo\d*$/.test(iface))
      .map(({ iface, rx_bytes: rxBytes, tx_bytes: txBytes }) => ({
        name: iface,
        rxBytes,
        txBytes,
        rxPackets: null,
        txPackets: null,
      })) ?? null
  )
}

export function createPortableReader(clock: Clock): Reader {
  return async () => {
    const monotonicMs = clock.monotonicMs()
    const cpu = readCpu()
    const [memory, disks, network, running] = await Promise.all([
      readMemory(),
      readDisks(),
      readNetwork(),
      orNull(listProcesses()),
    ])
    const [one = 0, five = 0, fifteen = 0] = loadavg()
    const entries = running?.list.map(({ pid, name, started, cpu: cpuPercent, memRss }) => {
      const memoryBytes = finite(Math.round(memRss * 1024))
      return [
        pid,
        {
          name: plain(name, LIMITS.nameChars),
          start: started,
          cpuSeconds: null,
          cpuPercent: finite(cpuPercent),
          memoryBytes,
        },
      ] as const
    })
    return {
      monotonicMs,
      cpu,
      load: [one, five, fifteen],
      memory,
      disks,
      network,
      processCount: running?.all ?? null,
      processes: entries ? new Map(entries) : null,
      uptimeSeconds: uptime(),
      cgroup: null,
    }
  }
}
