import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { systemClock } from '../../platform/clock.ts'
import { toSample } from '../derive.ts'
import { createLinuxReader } from './reader.ts'

test.runIf(process.platform === 'linux')('two readings of this machine make a sample with every figure', async () => {
  const read = createLinuxReader(systemClock)
  const before = await read()
  // Some work, so that this process has a share of its own, however busy the machine is.
  const used = process.cpuUsage()
  while (process.cpuUsage(used).user < 120_000);
  const sample = toSample(before, await read())
  expect(sample.cpu?.usagePercent).toBeGreaterThan(0)
  expect(sample.cpu?.perCore).toHaveLength(sample.cpu?.coreCount ?? -1)
  expect(sample.memory?.used).toBeLessThan(sample.memory?.total ?? 0)
  expect(sample.disks?.find(({ mountPoint }) => mountPoint === '/')?.total).toBeGreaterThan(0)
  expect(sample.network?.some(({ name }) => name === 'lo')).toBe(true)
  expect(sample.network?.every(({ rxBytesPerSecond }) => rxBytesPerSecond !== null)).toBe(true)
  expect(sample.processCount).toBeGreaterThan(1)
  expect(sample.topProcesses?.length).toBeLessThanOrEqual(10)
  const own = sample.topProcesses?.find(({ pid }) => pid === process.pid)
  expect(own?.cpuPercent).toBeGreaterThan(0)
  expect(own?.memoryBytes).toBeGreaterThan(10_000_000)
  expect(sample.uptimeSeconds).toBeGreaterThan(0)
})

test('a bond and a VLAN do not count the bytes of their card again', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'sindri-net-'))
  const names = ['lo', 'eth0', 'eth1', 'bond0', 'bond0.10']
  const lines = names.map((name) => `${name}: 9 1 0 0 0 0 0 0 9 1 0 0 0 0 0 0`)
  mkdirSync(join(dir, 'proc/net'), { recursive: true })
  writeFileSync(join(dir, 'proc/net/dev'), ['', '', ...lines, ''].join('\n'))
  for (const entry of ['eth0/device', 'eth1/device', 'bond0/lower_eth0', 'bond0/lower_eth1', 'bond0.10/lower_bond0'])
    mkdirSync(join(dir, 'sys/class/net', entry), { recursive: true })
  const read = createLinuxReader(systemClock, { procDir: join(dir, 'proc'), sysDir: join(dir, 'sys') })
  const { network } = await read()
  rmSync(dir, { recursive: true })
  expect(network?.map(({ name }) => name)).toEqual(['lo', 'eth0', 'eth1'])
})

test('where nothing can be read every figure is null, and nothing throws', async () => {
  const empty = mkdtempSync(join(tmpdir(), 'sindri-proc-'))
  const read = createLinuxReader(systemClock, { procDir: join(empty, 'none'), sysDir: empty })
  const sample = toSample(await read(), await read())
  rmSync(empty, { recursive: true })
  expect(sample).toEqual({
    cpu: null,
    memory: null,
    disks: null,
    network: null,
    processCount: null,
    topProcesses: null,
    uptimeSeconds: null,
    cgroup: null,
  })
})
