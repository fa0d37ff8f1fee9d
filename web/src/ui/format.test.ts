import { expect, test } from 'vitest'
import { createFormat } from './format.ts'

const format = createFormat('en-GB', 'Europe/Berlin')
const plain = (text: string) => text.replaceAll('\u00a0', ' ')
const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

test('sizes have three significant digits and one unit, memory binary, disk and network decimal', () => {
  expect(plain(format.memory(19.8 * 1024 ** 3))).toBe('19.8 GiB')
  expect(plain(format.memory(0))).toBe('0 B')
  expect(plain(format.disk(120e9))).toBe('120 GB')
  expect(plain(format.rate(310_400))).toBe('310 kB/s')
  expect(plain(format.rate(2_140_000))).toBe('2.14 MB/s')
  expect(plain(format.rate(-2_140_000))).toBe('-2.14 MB/s')
})

test('a size just below the next unit does not read as a thousand of the smaller one', () => {
  expect(plain(format.rate(999.7))).toBe('1 kB/s')
  expect(plain(format.disk(999_700))).toBe('1 MB')
  expect(plain(format.memory(1023.9 * 1024))).toBe('1 MiB')
})

test('a missing figure is a dash and a zero is a zero', () => {
  expect(format.percent(null)).toBe('–')
  expect(format.memory(undefined)).toBe('–')
  expect(format.rate(Number.NaN)).toBe('–')
  expect(format.percent(0)).toBe('0%')
  expect(format.durationCompact(0)).toBe('0s')
})

test('percent is whole, and has one decimal only where it is asked for', () => {
  expect(format.percent(47.6)).toBe('48%')
  expect(format.percentFine(0.14)).toBe('0.1%')
})

test('durations are compact in cells and words elsewhere', () => {
  expect(format.durationCompact(12 * day + 4 * hour)).toBe('12d 4h')
  expect(format.durationCompact(2 * hour + 41 * minute)).toBe('2h 41m')
  expect(format.durationCompact(14 * minute + 59_000)).toBe('14m')
  expect(plain(format.duration(34_840))).toBe('34.8 s')
  expect(plain(format.duration(12 * minute))).toBe('12 min')
  expect(plain(format.duration(100_000))).toBe('1 min 40 s')
  expect(plain(format.duration(11))).toBe('11 ms')
})

test('ages are relative up to a day, then dated', () => {
  const now = Date.UTC(2025, 10, 18, 14, 0)
  expect(plain(format.ago(now - 300, now))).toBe('just now')
  expect(plain(format.ago(now + 5000, now))).toBe('just now')
  expect(plain(format.ago(now - 4 * minute, now))).toBe('4 min ago')
  expect(plain(format.ago(now - 23 * hour, now))).toBe('23 h ago')
  expect(plain(format.ago(now - 25 * hour, now))).toBe('17 Nov, 14:00')
})

test('times are of the given zone, in 24 hours', () => {
  expect(format.timeExact(Date.UTC(2025, 10, 18, 16, 42, 8))).toBe('17:42:08')
  expect(format.time(Date.UTC(2025, 10, 18, 23, 5))).toBe('00:05')
  expect(format.zone).toBe('Europe/Berlin')
})
