import { afterEach, beforeEach, expect, test } from 'vitest'
import { createFakeClock, type FakeClock } from '../platform/clock.fake.ts'
import { sleep } from '../platform/clock.ts'
import { createConsoleTime } from '../platform/consoleTime.ts'
import { createLog } from '../platform/log.ts'
import type { Reading } from './reading.ts'
import { startSampling, type Sampling } from './schedule.ts'

let clock: FakeClock
let startMs: number
let seen: { kind: 'stored' | 'live'; afterMs: number; usage: number | null }[]
let readMs: number
let fails: boolean
let sampling: Sampling | undefined

beforeEach(() => {
  clock = createFakeClock()
  startMs = clock.now()
  seen = []
  readMs = 0
  fails = false
})
afterEach(() => sampling?.stop())

/** A machine that is busy for 30 % of all time. */
async function reader(): Promise<Reading> {
  const monotonicMs = clock.monotonicMs()
  if (readMs > 0) await sleep(clock, readMs)
  if (fails) throw new Error('no /proc today')
  const all = { busy: monotonicMs * 0.3, steal: 0, total: monotonicMs }
  return {
    monotonicMs,
    cpu: { all, cores: [all] },
    load: null,
    memory: null,
    disks: null,
    network: null,
    processCount: null,
    processes: null,
    uptimeSeconds: null,
    cgroup: null,
  }
}

function start(metricsMs = 30_000): Sampling {
  const log = createLog({ level: 'error', format: 'json', clock, write: () => {} })
  const consoleTime = createConsoleTime(clock)
  const note = (kind: 'stored' | 'live') => (sample: { cpu: { usagePercent: number | null } | null }, atMs: number) =>
    void seen.push({ kind, afterMs: atMs - startMs, usage: sample.cpu?.usagePercent ?? null })
  sampling = startSampling({
    clock,
    consoleTime,
    log,
    reader,
    metricsMs,
    onStored: note('stored'),
    onLive: note('live'),
  })
  return sampling
}

const times = (kind: 'stored' | 'live') => seen.filter((entry) => entry.kind === kind).map(({ afterMs }) => afterMs)

test('the first sample after the link comes at once when it can have rates, and has them', async () => {
  const { sampleNow } = start()
  await clock.advance(500)
  sampleNow()
  await clock.advance(1)
  expect(seen).toEqual([{ kind: 'stored', afterMs: 500, usage: 30 }])
})

test('a link right at start waits for 200 ms of rates, not for the interval', async () => {
  const { sampleNow } = start()
  sampleNow()
  await clock.advance(1_000)
  expect(times('stored')).toEqual([200])
})

test('stored samples keep the interval, whatever the wall clock does', async () => {
  start(10_000)
  await clock.advance(10_000)
  clock.jumpWall(-3_600_000)
  await clock.advance(10_000)
  clock.jumpWall(7_200_000)
  await clock.advance(10_000)
  expect(times('stored')).toEqual([10_000, 20_000, 30_000])
})

test('while somebody looks live samples come too, until the order ends', async () => {
  const { sampleFaster } = start()
  await clock.advance(15_000)
  sampleFaster({ everyMs: 2_000, untilMs: clock.now() + 9_000 })
  await clock.advance(45_000)
  expect(times('live')).toEqual([15_200, 17_000, 19_000, 21_000, 23_000])
  expect(times('stored')).toEqual([30_000, 60_000])
  expect(seen.every(({ usage }) => usage === 30)).toBe(true)
})

test('a renewed order goes on without a break, and a faster one counts at once', async () => {
  const { sampleFaster } = start()
  sampleFaster({ everyMs: 2_000, untilMs: clock.now() + 6_500 })
  await clock.advance(4_500)
  sampleFaster({ everyMs: 1_000, untilMs: clock.now() + 3_000 })
  await clock.advance(10_000)
  expect(times('live')).toEqual([200, 2_000, 4_000, 5_500, 6_500])
})

test('orders that are over, absurd or endless do no harm', async () => {
  const { sampleFaster } = start()
  sampleFaster({ everyMs: 2_000, untilMs: clock.now() - 1 })
  sampleFaster({ everyMs: 2_000, untilMs: Number.NaN })
  await clock.advance(5_000)
  expect(times('live')).toEqual([])
  sampleFaster({ everyMs: 1, untilMs: Number.MAX_SAFE_INTEGER })
  await clock.advance(2_000)
  expect(times('live').length).toBeLessThanOrEqual(5)
  await clock.advance(600_000)
  const count = times('live').length
  await clock.advance(60_000)
  expect(times('live')).toHaveLength(count)
})

test('a new interval counts from now when it is shorter', async () => {
  const { setIntervalMs } = start(30_000)
  await clock.advance(1_000)
  setIntervalMs(5_000)
  await clock.advance(10_000)
  setIntervalMs(20_000)
  await clock.advance(25_000)
  expect(times('stored')).toEqual([6_000, 11_000, 16_000, 36_000])
})

test('a slow machine leaves points of the cadence out instead of piling them up', async () => {
  readMs = 2_500
  start(1_000)
  await clock.advance(20_000)
  const stored = times('stored')
  expect(stored.length).toBeGreaterThan(3)
  expect(stored.length).toBeLessThan(8)
})

test('a reading that fails costs its own point only', async () => {
  start(1_000)
  await clock.advance(1_000)
  fails = true
  await clock.advance(2_000)
  fails = false
  await clock.advance(1_000)
  expect(times('stored')).toEqual([1_000, 4_000])
})

test('after stop nothing comes any more, and no timer is left', async () => {
  const { stop } = start(1_000)
  await clock.advance(1_500)
  stop()
  await clock.advance(10_000)
  expect(times('stored')).toEqual([1_000])
  expect(clock.timerCount()).toBe(0)
})
