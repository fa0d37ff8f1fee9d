// How full a machine is, as lists show and sort it: three narrow figures beside the document they come from.
import type { MetricSample } from '@sindri/schema'

export interface Shares {
  /** Percent of all cores. */
  cpu: number | null
  /** Of 1. */
  memory: number | null
  disk: number | null
}

/** PostgreSQL refuses what is too small for a float4; JavaScript rounds it to zero. */
const part = (used: number, total: number): number | null => (total > 0 ? Math.fround(used / total) : null)

/** The total of a disk is what users may fill, as df counts it: the part kept for root is none of theirs. */
export const sharesOf = ({ cpu, memory, disks }: MetricSample): Shares => {
  let used = 0
  let total = 0
  for (const disk of disks ?? []) {
    if (disk.used === null || disk.total === null) continue
    used += disk.used
    total += disk.free === null ? disk.total : disk.used + disk.free
  }
  return {
    cpu: cpu?.usagePercent == null ? null : Math.fround(cpu.usagePercent),
    memory: memory?.used == null || memory.total == null ? null : part(memory.used, memory.total),
    disk: part(used, total),
  }
}
