import { isFaultCode } from '@sindri/schema/contract/codes'
import type { FaultDetails } from '@sindri/schema/contract/codes'
import { LIMITS } from '@sindri/schema/contract/limits'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkRecords } from '../platform/records.ts'
import { checkGap, checkLive, checkSample } from './check.ts'
import { FIGURE_COLUMNS } from './figures.ts'

const nowMs = Date.UTC(2026, 5, 15, 12)
const window = { nowMs, pastMs: LIMITS.atPastMs }
const iso = (ms: number) => new Date(ms).toISOString()
const run = '01JCXW3K6VQZ5R8N2M4T7B9D0F'
const good = {
  run,
  seq: 1,
  at: iso(nowMs),
  cpu: {
    usagePercent: 12.5,
    perCore: [10, 15],
    loadAvg1: 0.5,
    loadAvg5: null,
    loadAvg15: 0,
    coreCount: 2,
    stealPercent: 0,
  },
  memory: { total: 8e9, used: 5e9, free: 1e9, cached: 1e9, available: 3e9, swapTotal: 0, swapUsed: 0 },
  disks: [
    {
      mountPoint: '/',
      device: '/dev/sda1',
      fsType: 'ext4',
      total: 1e12,
      used: 5e11,
      free: 5e11,
      readBytesPerSecond: 12.5,
      writeBytesPerSecond: null,
    },
  ],
  network: [
    { name: 'lo', rxBytes: 1, txBytes: 1, rxPackets: 1, txPackets: 1, rxBytesPerSecond: 1000, txBytesPerSecond: 1000 },
    { name: 'eth0', rxBytes: 1, txBytes: 1, rxPackets: 1, txPackets: 1, rxBytesPerSecond: 5, txBytesPerSecond: 7 },
  ],
  processCount: 100,
  topProcesses: [{ pid: 1, name: 'init', cpuPercent: 150, memoryBytes: 1e6 }],
  uptimeSeconds: 12.3,
  cgroup: { cpuLimitCores: 1.5, memoryLimitBytes: 1e9, memoryUsedBytes: 5e8 },
}
type Path = (string | number)[]
const withValue = (path: Path, value: unknown): unknown => {
  const copy = structuredClone(good) as unknown
  let at = copy as Record<string | number, unknown>
  for (const step of path.slice(0, -1)) at = at[step] as Record<string | number, unknown>
  at[path.at(-1) ?? ''] = value
  return copy
}
const refusal = (record: unknown) => {
  const { refusals } = checkRecords([record], (each) => checkSample(each, window))
  return refusals[0] && { code: refusals[0].code, field: refusals[0].field }
}

const deep: unknown = JSON.parse('['.repeat(200_000) + ']'.repeat(200_000))
const long = 'x'.repeat(1_000_000)

describe('a sample is refused, with the field that is wrong,', () => {
  const bad: [what: string, path: Path, value: unknown, field: string, code?: string][] = [
    ['run that is no text', ['run'], 7, 'run'],
    ['run of the wrong length', ['run'], run.slice(1), 'run'],
    ['run with a letter that no ULID has', ['run'], run.replace('Q', 'U'), 'run'],
    ['run past 128 bits', ['run'], `8${run.slice(1)}`, 'run'],
    ['huge run', ['run'], long, 'run'],
    ['seq of zero', ['seq'], 0, 'seq'],
    ['negative seq', ['seq'], -1, 'seq'],
    ['broken seq', ['seq'], 1.5, 'seq'],
    ['seq past 31 bits', ['seq'], 2 ** 31, 'seq'],
    ['seq as text', ['seq'], '1', 'seq'],
    ['no seq', ['seq'], null, 'seq'],
    ['no time', ['at'], null, 'at'],
    ['time as a number', ['at'], nowMs, 'at'],
    ['time as a deeply nested list', ['at'], deep, 'at'],
    ['time without a zone', ['at'], '2026-06-15T12:00:00', 'at'],
    ['day that does not exist', ['at'], '2026-02-30T00:00:00Z', 'at'],
    ['leap day of an ordinary year', ['at'], '2026-02-29T00:00:00Z', 'at'],
    ['hour 24', ['at'], '2026-06-14T24:00:00Z', 'at'],
    ['zone that does not exist', ['at'], '2026-06-15T12:00:00+25:00', 'at'],
    ['time 30 days and a moment ago', ['at'], iso(nowMs - LIMITS.atPastMs - 1), 'at', 'CLOCK'],
    ['time 10 minutes and a moment ahead', ['at'], iso(nowMs + LIMITS.atFutureMs + 1), 'at', 'CLOCK'],
    ['year 9999', ['at'], '9999-12-31T23:59:59Z', 'at', 'CLOCK'],
    ['year 0', ['at'], '0000-01-01T00:00:00Z', 'at', 'CLOCK'],
    ['cpu that is a list', ['cpu'], [], 'cpu'],
    ['cpu that is a number', ['cpu'], 5, 'cpu'],
    ['percent above 100', ['cpu', 'usagePercent'], 100.2, 'cpu.usagePercent'],
    ['negative percent', ['cpu', 'usagePercent'], -0.1, 'cpu.usagePercent'],
    ['percent that is no number', ['cpu', 'usagePercent'], Number.NaN, 'cpu.usagePercent'],
    ['infinite load', ['cpu', 'loadAvg1'], Number.POSITIVE_INFINITY, 'cpu.loadAvg1'],
    ['load as text', ['cpu', 'loadAvg1'], '0.5', 'cpu.loadAvg1'],
    ['flag for a number', ['cpu', 'stealPercent'], true, 'cpu.stealPercent'],
    ['object for a number', ['memory', 'total'], {}, 'memory.total'],
    ['core without its share', ['cpu', 'perCore', 1], null, 'cpu.perCore[1]'],
    ['too many cores', ['cpu', 'perCore'], Array.from({ length: 1025 }).fill(1), 'cpu.perCore'],
    ['core count past 31 bits', ['cpu', 'coreCount'], 2 ** 31, 'cpu.coreCount'],
    ['half a byte', ['memory', 'total'], 0.5, 'memory.total'],
    ['bytes past 2^53', ['memory', 'total'], 2 ** 53, 'memory.total'],
    ['negative bytes', ['disks', 0, 'used'], -1, 'disks[0].used'],
    ['negative rate', ['network', 1, 'rxBytesPerSecond'], -5, 'network[1].rxBytesPerSecond'],
    ['disk that is null', ['disks', 0], null, 'disks[0]'],
    ['disks that are an object', ['disks'], { 0: {} }, 'disks'],
    ['too many disks', ['disks'], Array.from({ length: 257 }).fill(good.disks[0]), 'disks'],
    ['disk without a mount point', ['disks', 0, 'mountPoint'], undefined, 'disks[0].mountPoint'],
    ['NUL in a name', ['disks', 0, 'mountPoint'], '/\0', 'disks[0].mountPoint'],
    ['huge name', ['topProcesses', 0, 'name'], long, 'topProcesses[0].name'],
    ['name as a number', ['network', 0, 'name'], 1, 'network[0].name'],
    ['too many processes', ['topProcesses'], Array.from({ length: 21 }).fill(good.topProcesses[0]), 'topProcesses'],
    ['process without an id', ['topProcesses', 0, 'pid'], null, 'topProcesses[0].pid'],
    ['process count that is broken', ['processCount'], 1.5, 'processCount'],
    ['uptime of a thousand years', ['uptimeSeconds'], 4e10, 'uptimeSeconds'],
    ['limit past 2^53', ['cgroup', 'memoryLimitBytes'], 9223372036854771712, 'cgroup.memoryLimitBytes'],
  ]
  it.each(bad)('for a %s', (_, path, value, field, code = 'BAD_INPUT') => {
    expect(refusal(withValue(path, value))).toEqual({ code, field })
  })

  it.each([null, undefined, 5, 'sample', [], true])('for being %j', (record) => {
    expect(refusal(record)).toEqual({ code: 'BAD_INPUT', field: 'record' })
  })
})

describe('a sample is accepted', () => {
  const sampleOf = (record: unknown) => checkSample(record, window).sample

  it('with everything in it, its run as the same 128 bits', () => {
    const { run: uuid, seq, sample } = checkSample(good, window)
    expect([uuid, seq]).toEqual(['01933bc1-ccdb-bfcb-8454-54268eb4b40f', 1])
    const { run: _run, seq: _seq, ...rest } = good
    expect(sample).toEqual({ ...rest, at: new Date(nowMs) })
  })

  it('with nothing but its identity and time: what is absent is null', () => {
    expect(sampleOf({ run, seq: 1, at: iso(nowMs) })).toEqual({
      at: new Date(nowMs),
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

  it('at the edges of the window, in any zone', () => {
    expect(sampleOf(withValue(['at'], iso(nowMs - LIMITS.atPastMs))).at.getTime()).toBe(nowMs - LIMITS.atPastMs)
    expect(sampleOf(withValue(['at'], iso(nowMs + LIMITS.atFutureMs))).at.getTime()).toBe(nowMs + LIMITS.atFutureMs)
    expect(sampleOf(withValue(['at'], '2026-06-15T17:29:59.999999999+05:30')).at.getTime()).toBe(nowMs - 1)
  })

  it('with a share that is 100 by the error of its clocks, and a name that was cut in the midst of a character', () => {
    expect(sampleOf(withValue(['cpu', 'usagePercent'], 100.04)).cpu?.usagePercent).toBe(100)
    expect(sampleOf(withValue(['disks', 0, 'mountPoint'], '/\ud83d')).disks?.[0]?.mountPoint).toBe('/\ufffd')
  })

  it('without members it does not know, whatever they are called', () => {
    const record = JSON.parse(
      `{"run":"${run}","seq":1,"at":"${iso(nowMs)}","__proto__":{"cpu":{"usagePercent":5}},"constructor":1}`,
    ) as unknown
    expect(sampleOf(record).cpu).toBeNull()
  })
})

describe('figures', () => {
  const figures = (record: unknown) => {
    const { sample } = checkSample(record, window)
    return Object.fromEntries(FIGURE_COLUMNS.map(({ figure, of }) => [figure, of(sample)]))
  }

  it('sum devices, leave loopback out, and know no zero for an unknown', () => {
    expect(figures(good)).toMatchObject({
      cpuPercent: 12.5,
      diskTotal: 1e12,
      diskReadRate: 12.5,
      diskWriteRate: null,
      networkReceiveRate: 5,
      networkTransmitRate: 7,
    })
    expect(new Set(Object.values(figures({ run, seq: 1, at: iso(nowMs) })))).toEqual(new Set([null]))
  })
})

describe('a gap', () => {
  const gap = { run, seq: 1, from: iso(nowMs - 1000), to: iso(nowMs), dropped: 3 }

  it('has its two times in order, and how many were dropped', () => {
    const from = new Date(nowMs - 1000)
    expect(checkGap(gap, window)).toMatchObject({ seq: 1, from, to: new Date(nowMs), dropped: 3 })
    expect(checkGap({ ...gap, to: gap.from, dropped: 0 }, window)).toMatchObject({ from, to: from, dropped: 0 })
  })

  it.each<[what: string, change: object | null, field: string, code?: string]>([
    ['nothing at all', null, 'record'],
    ['no run', { run: null }, 'run'],
    ['a run that is a number', { run: 7 }, 'run'],
    ['a run that is none', { run: 'x'.repeat(26) }, 'run'],
    ['a run of a megabyte', { run: long }, 'run'],
    ['no seq', { seq: null }, 'seq'],
    ['seq of zero', { seq: 0 }, 'seq'],
    ['seq below zero', { seq: -1 }, 'seq'],
    ['seq that is broken', { seq: 1.5 }, 'seq'],
    ['seq past 31 bits', { seq: 2 ** 31 }, 'seq'],
    ['seq as text', { seq: '1' }, 'seq'],
    ['no begin', { from: null }, 'from'],
    ['a begin that is a number', { from: nowMs }, 'from'],
    ['a begin that is nested deeply', { from: deep }, 'from'],
    ['a begin without a zone', { from: '2026-06-15T11:00:00' }, 'from'],
    ['a begin on a day that does not exist', { from: '2026-02-30T00:00:00Z' }, 'from'],
    ['a begin too long ago', { from: iso(nowMs - LIMITS.atPastMs - 1) }, 'from', 'CLOCK'],
    ['a begin in the future', { from: iso(nowMs + LIMITS.atFutureMs + 1) }, 'from', 'CLOCK'],
    ['no end', { to: null }, 'to'],
    ['an end that is text', { to: 'now' }, 'to'],
    ['an end that is a list', { to: [gap.to] }, 'to'],
    ['an end in the future', { to: iso(nowMs + LIMITS.atFutureMs + 1) }, 'to', 'CLOCK'],
    ['an end of the year 9999', { to: '9999-12-31T23:59:59Z' }, 'to', 'CLOCK'],
    ['an end before its begin', { to: iso(nowMs - 1001) }, 'to'],
    ['no count', { dropped: null }, 'dropped'],
    ['a count below zero', { dropped: -1 }, 'dropped'],
    ['a count that is broken', { dropped: 0.5 }, 'dropped'],
    ['a count past 31 bits', { dropped: 2 ** 31 }, 'dropped'],
    ['a count as text', { dropped: '3' }, 'dropped'],
    ['a count without end', { dropped: Number.POSITIVE_INFINITY }, 'dropped'],
    ['a count that is no number', { dropped: Number.NaN }, 'dropped'],
  ])('with %s is refused', (_, change, field, code = 'BAD_INPUT') => {
    const record = change && { ...gap, ...change }
    const { refusals } = checkRecords([record], (each) => checkGap(each, window))
    expect(refusals).toMatchObject([{ code, field }])
  })
})

it('a live sample needs no identity, and everything else', () => {
  expect(checkLive({ at: iso(nowMs), cpu: { usagePercent: 5 } }, window).cpu?.usagePercent).toBe(5)
  expect(() => checkLive({ at: iso(nowMs), cpu: { usagePercent: -5 } }, window)).toThrow(
    'cpu.usagePercent: expected a number from 0 to 100, got -5.',
  )
  expect(() => checkLive(null, window)).toThrow('sample: expected an object, got null.')
})

describe('whatever arrives', () => {
  const paths: Path[] = [
    ['run'],
    ['seq'],
    ['at'],
    ['cpu'],
    ['memory'],
    ['disks'],
    ['network'],
    ['topProcesses'],
    ['cgroup'],
    ['processCount'],
    ['uptimeSeconds'],
    ['cpu', 'usagePercent'],
    ['cpu', 'perCore'],
    ['memory', 'used'],
    ['disks', 0],
    ['disks', 0, 'device'],
    ['network', 1, 'name'],
    ['topProcesses', 0, 'pid'],
  ]
  const record = fc.oneof(
    fc.constant(good),
    fc.tuple(fc.constantFrom(...paths), fc.anything()).map(([path, value]) => withValue(path, value)),
    fc.jsonValue(),
    fc.anything(),
  )

  it('one record never changes what becomes of its neighbours', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 20 }), (records) => {
        const alone = records.map((each) => checkRecords([each], (one) => checkSample(one, window)))
        const together = checkRecords(records, (one) => checkSample(one, window))
        expect(together.accepted).toEqual(
          alone.flatMap(({ accepted }, index) => accepted.map((each) => ({ ...each, index }))),
        )
        expect(together.refusals).toEqual(
          alone.flatMap(({ refusals }, index) => refusals.map((each) => ({ ...each, index }))),
        )
        expect(together.accepted.length + together.refusals.length).toBe(records.length)
      }),
      { numRuns: 300 },
    )
  })

  it('a refusal says what was expected and what was got, shortly', () => {
    fc.assert(
      fc.property(record, (each) => {
        for (const { code, field, expected, got } of checkRecords([each], (one) => checkSample(one, window)).refusals) {
          expect(isFaultCode(code)).toBe(true)
          expect(field).toMatch(/^[a-zA-Z0-9.[\]]+$/)
          expect((expected ?? '').length).toBeGreaterThan(3)
          expect((got ?? '').length).toBeLessThanOrEqual(90)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('more than 500 records are refused as a whole', () => {
    expect(
      checkRecords(
        Array.from({ length: 500 }, () => good),
        (one) => checkSample(one, window),
      ).accepted,
    ).toHaveLength(500)
    let details: FaultDetails | undefined
    try {
      checkRecords(
        Array.from({ length: 501 }, () => good),
        (one) => checkSample(one, window),
      )
    } catch (error) {
      details = (error as { details?: FaultDetails }).details
    }
    expect(details).toEqual({ field: 'records', expected: 'at most 500 records', got: '501' })
  })
})
