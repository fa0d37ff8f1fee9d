// Samples as a machine of ordinary size sends them: 8 cores, 2 disks, 3 interfaces, 10 processes.

const disk = (mountPoint: string) => ({
  mountPoint,
  device: '/dev/vda1',
  fsType: 'ext4',
  total: 128_849_018_880,
  used: 61_203_283_968,
  free: 67_645_734_912,
  readBytesPerSecond: 10_240.5,
  writeBytesPerSecond: 204_800.25,
})
const network = (name: string) => ({
  name,
  rxBytes: 901_234_567_890,
  txBytes: 123_456_789,
  rxPackets: 12_345_678,
  txPackets: 2_345_678,
  rxBytesPerSecond: 120_345.5,
  txBytesPerSecond: 8_345.125,
})

export const sampleOf = (run: string, seq: number, atMs: number) => ({
  run,
  seq,
  at: new Date(atMs).toISOString(),
  cpu: {
    usagePercent: (seq * 7) % 100,
    perCore: [12, 34, 5, 99.5, 0, 45, 62, 11],
    loadAvg1: 3.1,
    loadAvg5: 2.8,
    loadAvg15: 2.5,
    coreCount: 8,
    stealPercent: 0.1,
  },
  memory: {
    total: 34_359_738_368,
    used: 21_474_836_480,
    free: 2_147_483_648,
    cached: 8_589_934_592,
    available: 12_884_901_888,
    swapTotal: 0,
    swapUsed: 0,
  },
  disks: [disk('/'), disk('/data')],
  network: [network('lo'), network('eth0'), network('docker0')],
  processCount: 214,
  topProcesses: Array.from({ length: 10 }, (_, i) => ({
    pid: 1000 + i,
    name: 'node',
    cpuPercent: 31.2 - i,
    memoryBytes: 2_297_831_424,
  })),
  uptimeSeconds: 1_051_200.5,
  cgroup: { cpuLimitCores: 8, memoryLimitBytes: 34_359_738_368, memoryUsedBytes: 21_474_836_480 },
})
