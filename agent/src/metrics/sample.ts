// A metrics sample in the words of the schema; what the platform does not tell is null.

export interface Cpu {
  usagePercent: number | null
  perCore: number[] | null
  loadAvg1: number | null
  loadAvg5: number | null
  loadAvg15: number | null
  coreCount: number | null
  stealPercent: number | null
}

/** Bytes. */
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

export interface TopProcess {
  pid: number
  name: string
  /** Share of one core. */
  cpuPercent: number | null
  memoryBytes: number | null
}

export interface Cgroup {
  cpuLimitCores: number | null
  memoryLimitBytes: number | null
  memoryUsedBytes: number | null
}

export interface Sample {
  cpu: Cpu | null
  memory: Memory | null
  disks: Disk[] | null
  network: NetworkInterface[] | null
  processCount: number | null
  topProcesses: TopProcess[] | null
  uptimeSeconds: number | null
  cgroup: Cgroup | null
}
