import { expect, test } from 'vitest'
import { diskPercent, diskTotals, memoryPercent, networkRates } from './sampleFigures.ts'

test('the disk figure is of all devices together', () => {
  expect(
    diskPercent({
      disks: [
        { total: 100, used: 50 },
        { total: 300, used: 50 },
        { total: null, used: 9 },
      ],
    }),
  ).toBe(25)
})

test('a disk that only root may still write to is full', () => {
  const disks = [{ total: 1000, used: 950, free: 0 }]
  expect(diskPercent({ disks })).toBe(100)
  expect(diskTotals({ disks })).toEqual({ used: 950, total: 950 })
})

test('what was not measured is missing, not zero', () => {
  expect(memoryPercent({ memory: null })).toBeNull()
  expect(memoryPercent({ memory: { total: 0, used: 0 } })).toBeNull()
  expect(diskPercent({ disks: [] })).toBeNull()
  expect(networkRates({ network: [{ name: 'eth0', rxBytesPerSecond: null, txBytesPerSecond: 0 }] })).toEqual({
    receive: null,
    transmit: 0,
  })
})

test('loopback is not network', () => {
  const network = [
    { name: 'lo', rxBytesPerSecond: 1000, txBytesPerSecond: 1000 },
    { name: 'eth0', rxBytesPerSecond: 3, txBytesPerSecond: 4 },
    { name: 'eth1', rxBytesPerSecond: 5, txBytesPerSecond: 6 },
  ]
  expect(networkRates({ network })).toEqual({ receive: 8, transmit: 10 })
})
