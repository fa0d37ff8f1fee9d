import { expect, test } from 'vitest'
import { parseLoadavg, parseStat, parseUptime } from './cpu.ts'
import { parseDiskstats } from './disks.ts'
import { parseMeminfo } from './memory.ts'
import { isRelay, parseNetDev } from './network.ts'
import { parsePageBytes, parsePidStat, programName } from './processes.ts'

test('/proc/stat gives all cores together and each one', () => {
  const text = [
    'cpu  4783 10 2975 117077 386 1 73 37 5 0',
    'cpu0 2398 10 1346 58851 15 1 15 16 5 0',
    'cpu1 2384 0 1629 58226 370 0 57 21 0 0',
    'intr 340130 0 0 0',
    'ctxt 1071171',
    'btime 1795198631',
  ].join('\n')
  const busy = 4783 + 10 + 2975 + 1 + 73
  expect(parseStat(text)).toEqual({
    all: { busy, steal: 37, total: busy + 37 + 117077 + 386 },
    cores: [
      { busy: 3770, steal: 16, total: 3770 + 16 + 58851 + 15 },
      { busy: 4070, steal: 21, total: 4070 + 21 + 58226 + 370 },
    ],
  })
})

test('/proc/stat of an old kernel has fewer columns; one without cpu lines tells nothing', () => {
  expect(parseStat('cpu  100 0 50 850\ncpu0 100 0 50 850\n')).toEqual({
    all: { busy: 150, steal: 0, total: 1000 },
    cores: [{ busy: 150, steal: 0, total: 1000 }],
  })
  expect(parseStat('')).toBeNull()
  expect(parseStat('intr 1 2 3\n')).toBeNull()
})

test('/proc/loadavg and /proc/uptime', () => {
  expect(parseLoadavg('0.02 0.12 1.08 1/143 8341\n')).toEqual([0.02, 0.12, 1.08])
  expect(parseLoadavg('')).toBeNull()
  expect(parseUptime('630.16 1170.77\n')).toBe(630.16)
  expect(parseUptime('?')).toBeNull()
})

const kib = (count: number): number => count * 1024

test('/proc/meminfo in bytes', () => {
  const text = `MemTotal:       24684084 kB
MemFree:        23896416 kB
MemAvailable:   24049200 kB
Buffers:           30456 kB
Cached:           326288 kB
SwapCached:            0 kB
Active(anon):      25744 kB
SwapTotal:       2097148 kB
SwapFree:        2096124 kB
SReclaimable:      40000 kB
HugePages_Total:       0
Hugepagesize:       2048 kB
`
  expect(parseMeminfo(text)).toEqual({
    total: kib(24684084),
    used: kib(24684084 - 24049200),
    free: kib(23896416),
    cached: kib(30456 + 326288 + 40000),
    available: kib(24049200),
    swapTotal: kib(2097148),
    swapUsed: kib(1024),
  })
})

test('/proc/meminfo without an estimate, or with one above the total, stays within the total', () => {
  expect(parseMeminfo('MemTotal: 1000 kB\nMemFree: 300 kB\nCached: 200 kB\n')).toMatchObject({
    used: kib(500),
    available: kib(500),
    swapTotal: null,
    swapUsed: null,
  })
  expect(parseMeminfo('MemTotal: 1000 kB\nMemFree: 300 kB\nMemAvailable: 5000 kB\n')).toMatchObject({
    available: kib(1000),
    used: 0,
  })
  expect(parseMeminfo('nothing')).toBeNull()
})

test('/proc/diskstats counts sectors of 512 bytes, also in lines with fewer or more columns', () => {
  const text = `   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
 254       0 vda 38637 10051 1885426 8573 27458 50109 3661632 13807 0 6184 23482 9531 56 794760 735 5342 366
 259       1 nvme0n1p1 10 0 80 1 20 0 160 2 0 3 4

garbage`
  const counters = parseDiskstats(text)
  expect(counters.get('254:0')).toEqual({ name: 'vda', readBytes: 1885426 * 512, writtenBytes: 3661632 * 512 })
  expect(counters.get('259:1')).toEqual({ name: 'nvme0n1p1', readBytes: 80 * 512, writtenBytes: 160 * 512 })
  expect(counters.size).toBe(3)
})

test('/proc/net/dev, also where a figure touches the colon', () => {
  const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:   45887     651    0    0    0     0          0         0    45887     651    0    0    0     0       0          0
  eth0:51615542599   14452    0    0    0     0          0         0   998276    9289    0    0    0     0       0          0
eth0:1: 5 1 0 0 0 0 0 0 6 2 0 0 0 0 0 0
broken: no
`
  expect(parseNetDev(text)).toEqual([
    { name: 'lo', rxBytes: 45887, rxPackets: 651, txBytes: 45887, txPackets: 651 },
    { name: 'eth0', rxBytes: 51615542599, rxPackets: 14452, txBytes: 998276, txPackets: 9289 },
    { name: 'eth0:1', rxBytes: 5, rxPackets: 1, txBytes: 6, txPackets: 2 },
  ])
  expect(parseNetDev('')).toEqual([])
})

test('bridges, their ports and helper devices are left out, what has hardware never is', () => {
  const none = { isBridge: false, isPort: false, isUpper: false, isPhysical: false }
  expect(isRelay('docker0', { ...none, isBridge: true })).toBe(true)
  expect(isRelay('veth12ab', { ...none, isPort: true })).toBe(true)
  expect(isRelay('ifb0', none)).toBe(true)
  expect(isRelay('eth0', { ...none, isPort: true, isPhysical: true })).toBe(false)
  expect(isRelay('eth0', none)).toBe(false)
  expect(isRelay('wg0', none)).toBe(false)
  expect(isRelay('lo', none)).toBe(false)
})

test('/proc/[pid]/stat of a process whose name holds brackets and spaces', () => {
  const rest = 'S 1 7 7 0 -1 4194560 900 0 0 0 250 50 0 0 20 0 1 0 12345 10000000 512 18446744073709551615 1 1'
  expect(parsePidStat(`7 (a) R (b) ${rest}`, 4096)).toEqual({
    name: 'a) R (b',
    start: '12345',
    cpuSeconds: 3,
    cpuPercent: null,
    memoryBytes: 512 * 4096,
  })
  expect(parsePidStat('', 4096)).toBeNull()
  expect(parsePidStat('7 (gone) S 1', 4096)).toBeNull()
})

test('the size of a page comes from the auxiliary vector', () => {
  const auxv = Buffer.alloc(32)
  auxv.writeBigUInt64LE(33n, 0)
  auxv.writeBigUInt64LE(6n, 16)
  auxv.writeBigUInt64LE(65536n, 24)
  expect(parsePageBytes(auxv)).toBe(65536)
  expect(parsePageBytes(Buffer.alloc(0))).toBe(4096)
})

test('a program whose main thread has a name of its own is known by its command, without arguments', () => {
  expect(programName('bash', () => null)).toBe('bash')
  expect(programName('MainThread', () => '/usr/bin/node\0server.js\0--password=x\0')).toBe('node')
  expect(programName('MainThread', () => '')).toBe('MainThread')
  expect(programName('MainThread', () => null)).toBe('MainThread')
})
