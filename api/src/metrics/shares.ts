// How loaded a machine is, as lists and the map of the fleet show it: narrow figures beside the document they come from.
import type { MetricSample } from '@sindri/schema'

/** Columns of that name beside the document. */
export const SHARES = ['cpu', 'memory', 'disk', 'network'] as const

export interface Shares {
  /** Percent of all cores. */
  cpu: number | null
  /** Of 1. */
  memory: number | null
  disk: number | null
  /** Bytes per second, both directions, on all interfaces but loopback. */
  network: number | null
}

const part = (used: number, total: number): number | null => (total > 0 ? used / total : null)

/** The total of a disk is what users may fill, as df counts it: the part kept for root is none of theirs. */
export const sharesOf = ({ cpu, memory, disks, network }: MetricSample): Shares => {
  let used = 0
  let total = 0
  for (const disk of disks ?? []) {
    if (disk.used === null || disk.total === null) continue
    used += disk.used
    total += disk.free === null ? disk.total : disk.used + disk.free
  }
  const rates = (network ?? [])
    .filter(({ name }) => name !== 'lo')
    .flatMap(({ rxBytesPerSecond, txBytesPerSecond }) => [rxBytesPerSecond, txBytesPerSecond])
    .filter((rate) => rate !== null)
  return {
    cpu: cpu?.usagePercent ?? null,
    memory: memory?.used == null || memory.total == null ? null : part(memory.used, memory.total),
    disk: part(used, total),
    network: rates.length === 0 ? null : rates.reduce((sum, rate) => sum + rate, 0),
  }
}
