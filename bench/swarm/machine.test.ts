import { toSample } from '@sindri/agent/metrics/derive'
import { expect, test } from 'vitest'
import { createMachine } from './machine.ts'

const createClock = () => {
  let nowMs = 1_000
  return {
    now: () => nowMs,
    monotonicMs: () => nowMs,
    after: () => () => {},
    every: () => () => {},
    pass: (ms: number) => void (nowMs += ms),
  }
}

test('a machine is the same each time, and one of a fleet in which filters find something', () => {
  const fleet = Array.from({ length: 200 }, (_, i) => createMachine(`swarm-${i}`, i, createClock()).facts)
  expect(createMachine('swarm-7', 7, createClock()).facts).toEqual(fleet[7])
  expect(new Set(fleet.map(({ provider }) => provider)).size).toBe(5)
  expect(new Set(fleet.map(({ region }) => region)).size).toBe(6)
  for (const { tags } of fleet) expect(tags).toContainEqual({ key: 'simulated', value: 'swarm' })
})

test('its figures move, and stay what a machine can have', async () => {
  const clock = createClock()
  const machine = createMachine('swarm-1', 1, clock)
  let before = await machine.read()
  const seen: number[] = []
  for (let i = 0; i < 500; i++) {
    clock.pass(30_000)
    const after = await machine.read()
    const { cpu, memory, disks, network, topProcesses } = toSample(before, after)
    before = after
    expect(cpu?.usagePercent).toBeGreaterThan(0)
    expect(cpu?.usagePercent).toBeLessThanOrEqual(100)
    expect(memory?.used).toBeLessThan(memory?.total ?? 0)
    for (const { used, free, total, readBytesPerSecond } of disks ?? []) {
      expect((used ?? NaN) + (free ?? NaN)).toBe(total)
      expect(readBytesPerSecond).toBeGreaterThanOrEqual(0)
    }
    expect(network?.[1]?.rxBytesPerSecond).toBeGreaterThan(0)
    expect(topProcesses).toHaveLength(10)
    seen.push(cpu?.usagePercent ?? NaN)
  }
  expect(new Set(seen).size).toBeGreaterThan(100)
})
