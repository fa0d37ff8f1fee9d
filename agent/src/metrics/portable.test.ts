import { expect, test } from 'vitest'
import { systemClock } from '../platform/clock.ts'
import { toSample } from './derive.ts'
import { createPortableReader } from './portable.ts'

test(
  'where there is no /proc, systeminformation gives the same kind of sample as /proc',
  { timeout: 60_000 },
  async () => {
    const read = createPortableReader(systemClock)
    const before = await read()
    const sample = toSample(before, await read())
    expect(sample.cpu?.coreCount).toBeGreaterThan(0)
    expect(sample.cpu?.usagePercent).toBeGreaterThanOrEqual(0)
    expect(sample.memory?.used).toBeLessThan(sample.memory?.total ?? 0)
    expect(sample.disks?.length).toBeGreaterThan(0)
    expect(sample.network?.every(({ name }) => name !== 'lo')).toBe(true)
    expect(sample.processCount).toBeGreaterThan(1)
    expect(sample.topProcesses?.[0]?.cpuPercent).not.toBeUndefined()
    expect(sample.uptimeSeconds).toBeGreaterThan(0)
  },
)
