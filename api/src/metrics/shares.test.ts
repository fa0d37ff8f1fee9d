import type { MetricSample } from '@sindri/schema'
import { expect, test } from 'vitest'
import { sharesOf } from './shares.ts'

const none = { cpu: null, memory: null, disks: null, network: null } as MetricSample
const disk = (used: number | null, free: number | null, total: number | null) =>
  ({ mountPoint: '/', used, free, total }) as NonNullable<MetricSample['disks']>[number]

test('what was not reported has no share', () => {
  expect(sharesOf(none)).toEqual({ cpu: null, memory: null, disk: null, network: null })
  expect(sharesOf({ ...none, disks: [disk(null, 5, 10), disk(0, 0, 0)] })).toMatchObject({ disk: null })
})

test('disks count together, each against what users may fill', () => {
  expect(sharesOf({ ...none, disks: [disk(40, 40, 100), disk(20, null, 20)] })).toMatchObject({ disk: 0.6 })
})

test('the network is all that goes in and out, but not what a machine says to itself', () => {
  const wire = (name: string, rxBytesPerSecond: number | null, txBytesPerSecond: number | null) =>
    ({ name, rxBytesPerSecond, txBytesPerSecond }) as NonNullable<MetricSample['network']>[number]
  expect(
    sharesOf({ ...none, network: [wire('lo', 9e9, 9e9), wire('eth0', 1_000, null), wire('wg0', 0, 20)] }).network,
  ).toBe(1_020)
  expect(sharesOf({ ...none, network: [wire('lo', 1, 1), wire('eth0', null, null)] }).network).toBeNull()
})
