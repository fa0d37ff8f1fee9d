import { expect, test } from 'vitest'
import { toSample } from './derive.ts'
import type { Reading } from './reading.ts'

const empty: Reading = {
  monotonicMs: 0,
  cpu: null,
  load: null,
  memory: null,
  disks: null,
  network: null,
  processCount: null,
  processes: null,
  uptimeSeconds: null,
  cgroup: null,
}
const times = (busy: number, total: number, steal = 0) => ({ busy, steal, total })
const disk = { mountPoint: '/', device: '/dev/vda', fsType: 'ext4', total: 100, used: 50, free: 40 }
const eth0 = { name: 'eth0', rxPackets: 1, txPackets: 1 }
const program = (cpuSeconds: number, memoryBytes: number, start = '1') => ({
  name: 'p',
  start,
  cpuSeconds,
  cpuPercent: null,
  memoryBytes,
})

test('rates are over the monotonic time between two readings', () => {
  const before: Reading = {
    ...empty,
    cpu: { all: times(100, 1000), cores: [times(50, 500), times(50, 500)] },
    disks: [{ ...disk, readBytes: 0, writtenBytes: 1000 }],
    network: [{ ...eth0, rxBytes: 10, txBytes: 20 }],
  }
  const after: Reading = {
    ...empty,
    monotonicMs: 2000,
    cpu: { all: times(150, 1200, 10), cores: [times(150, 600), times(50, 600)] },
    load: [1, 2, 3],
    disks: [{ ...disk, readBytes: 4000, writtenBytes: 1000 }],
    network: [{ ...eth0, rxBytes: 110, txBytes: 20 }],
  }
  const sample = toSample(before, after)
  expect(sample.cpu).toEqual({
    usagePercent: 25,
    stealPercent: 5,
    perCore: [100, 0],
    loadAvg1: 1,
    loadAvg5: 2,
    loadAvg15: 3,
    coreCount: 2,
  })
  expect(sample.disks).toEqual([{ ...disk, readBytesPerSecond: 2000, writeBytesPerSecond: 0 }])
  expect(sample.network).toEqual([{ ...eth0, rxBytes: 110, txBytes: 20, rxBytesPerSecond: 50, txBytesPerSecond: 0 }])
})

test('a counter that went back gives no value, and neither does what was not there before', () => {
  const before: Reading = {
    ...empty,
    cpu: { all: times(500, 5000), cores: [times(500, 5000)] },
    disks: [{ ...disk, readBytes: 9000, writtenBytes: null }],
    network: [{ ...eth0, rxBytes: 100, txBytes: 100 }],
  }
  const after: Reading = {
    ...empty,
    monotonicMs: 1000,
    cpu: { all: times(10, 100), cores: [times(5, 50), times(5, 50)] },
    disks: [{ ...disk, readBytes: 10, writtenBytes: 10 }],
    network: [
      { ...eth0, rxBytes: 5, txBytes: 200 },
      { ...eth0, name: 'wg0', rxBytes: 5, txBytes: 5 },
    ],
  }
  const sample = toSample(before, after)
  expect(sample.cpu).toMatchObject({ usagePercent: null, stealPercent: null, perCore: null, coreCount: 2 })
  expect(sample.disks?.[0]).toMatchObject({ readBytesPerSecond: null, writeBytesPerSecond: null, used: 50 })
  expect(sample.network?.map(({ rxBytesPerSecond, txBytesPerSecond }) => [rxBytesPerSecond, txBytesPerSecond])).toEqual(
    [
      [null, 100],
      [null, null],
    ],
  )
})

test('two readings of one moment have no rates', () => {
  const reading: Reading = {
    ...empty,
    cpu: { all: times(1, 10), cores: [] },
    network: [{ ...eth0, rxBytes: 1, txBytes: 1 }],
  }
  const sample = toSample(reading, reading)
  expect(sample.cpu?.usagePercent).toBeNull()
  expect(sample.network?.[0]?.rxBytesPerSecond).toBeNull()
})

test('the ten busiest processes come first, then the largest; an id that was given anew has no share', () => {
  const before: Reading = {
    ...empty,
    processes: new Map([
      [1, program(10, 5)],
      [2, program(0, 5)],
      [3, program(0, 5, 'old')],
    ]),
  }
  const processes = new Map([
    [1, program(11, 5)],
    [2, program(0.5, 5)],
    [3, program(9, 900, 'new')],
    ...Array.from({ length: 20 }, (_, index) => [100 + index, program(0, index)] as const),
  ])
  const top = toSample(before, { ...empty, monotonicMs: 2000, processCount: 23, processes }).topProcesses
  expect(top?.map(({ pid, cpuPercent }) => [pid, cpuPercent]).slice(0, 4)).toEqual([
    [1, 50],
    [2, 25],
    [3, null],
    [119, null],
  ])
  expect(top).toHaveLength(10)
})
