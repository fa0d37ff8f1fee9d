// What the platform's counters say at one moment. Two readings make a sample; one alone has no rates.
import type { Cgroup, Memory } from './sample.ts'

/** In any unit, the same in both readings. */
export interface CpuTimes {
  busy: number
  steal: number
  total: number
}

export interface DiskReading {
  mountPoint: string
  device: string | null
  fsType: string | null
  total: number | null
  used: number | null
  free: number | null
  /** Since boot; null where the device keeps no count. */
  readBytes: number | null
  writtenBytes: number | null
}

export interface NetworkReading {
  name: string
  rxBytes: number
  txBytes: number
  rxPackets: number | null
  txPackets: number | null
}

export interface ProcessReading {
  name: string
  /** Tells a process from a later one with the same id. */
  start: string
  /** null where the platform tells a share right away. */
  cpuSeconds: number | null
  cpuPercent: number | null
  memoryBytes: number | null
}

export interface Reading {
  monotonicMs: number
  cpu: { all: CpuTimes; cores: readonly CpuTimes[] } | null
  load: readonly [number, number, number] | null
  memory: Memory | null
  disks: readonly DiskReading[] | null
  network: readonly NetworkReading[] | null
  processCount: number | null
  processes: ReadonlyMap<number, ProcessReading> | null
  uptimeSeconds: number | null
  cgroup: Cgroup | null
}

/** Never rejects and never hangs: what cannot be read is null. */
export type Reader = () => Promise<Reading>
