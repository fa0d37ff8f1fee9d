// Reads all counters of a Linux machine from /proc, /sys and control groups, without starting a process.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../../platform/clock.ts'
import type { NetworkReading, Reader } from '../reading.ts'
import { readCgroup } from './cgroup.ts'
import { parseLoadavg, parseStat, parseUptime } from './cpu.ts'
import { createAskSpace, parseDiskstats, readDisks } from './disks.ts'
import { readText } from './files.ts'
import { parseMeminfo } from './memory.ts'
import { parseMountinfo } from './mounts.ts'
import { isRelay, parseNetDev } from './network.ts'
import { parsePageBytes, readProcesses } from './processes.ts'

function readPageBytes(procDir: string): number {
  try {
    return parsePageBytes(readFileSync(join(procDir, 'self/auxv')))
  } catch {
    return parsePageBytes(Buffer.alloc(0))
  }
}

function list(dir: string): string[] {
  try {
    return readdirSync(dir)
  } catch {
    return []
  }
}

/** Other directories than /proc and /sys are for tests. */
export function createLinuxReader(clock: Clock, { procDir = '/proc', sysDir = '/sys' } = {}): Reader {
  const askSpace = createAskSpace(clock)
  const pageBytes = readPageBytes(procDir)

  function parse<T>(name: string, parser: (text: string) => T): T | null {
    const text = readText(join(procDir, name))
    return text === null ? null : parser(text)
  }

  function withoutRelays(interfaces: NetworkReading[]): NetworkReading[] {
    return interfaces.filter(({ name }) => {
      const entries = list(join(sysDir, 'class/net', name))
      const has = (entry: string): boolean => entries.includes(entry)
      const isUpper = entries.some((entry) => entry.startsWith('lower_'))
      return !isRelay(name, { isBridge: has('bridge'), isPort: has('brport'), isUpper, isPhysical: has('device') })
    })
  }

  return async () => {
    // Counters that make rates come first and close to the time stamp.
    const monotonicMs = clock.monotonicMs()
    const cpu = parse('stat', parseStat)
    const network = parse('net/dev', parseNetDev)
    const io = parse('diskstats', parseDiskstats)
    const mounts = parse('self/mountinfo', parseMountinfo)
    const processes = await readProcesses(procDir, pageBytes)
    return {
      monotonicMs,
      cpu,
      load: parse('loadavg', parseLoadavg),
      memory: parse('meminfo', parseMeminfo),
      disks: mounts && (await readDisks(mounts, io ?? new Map(), askSpace)),
      network: network && withoutRelays(network),
      processCount: processes?.processCount ?? null,
      processes: processes?.processes ?? null,
      uptimeSeconds: parse('uptime', parseUptime),
      cgroup: mounts && parse('self/cgroup', (text) => readCgroup(mounts, text, readText)),
    }
  }
}
