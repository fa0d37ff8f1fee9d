import { expect, test } from 'vitest'
import type { FullSampleFragment, SeriesQuery } from '../graph/gql/graphql.ts'
import { type Series, foldSample, gapsOf, pointsOf, toSeries } from './series.ts'

const start = Date.parse('2026-01-01T12:00:00.000Z')
const iso = (second: number) => new Date(start + second * 1000).toISOString()

const sample = (second: number, cpu: number): FullSampleFragment => ({
  at: iso(second),
  cpu: { usagePercent: cpu, perCore: null, loadAvg1: 1, coreCount: 2 },
  memory: null,
  disks: null,
  network: [
    { name: 'lo', rxBytes: null, txBytes: null, rxBytesPerSecond: 900, txBytesPerSecond: 900 },
    { name: 'eth0', rxBytes: null, txBytes: null, rxBytesPerSecond: 5, txBytesPerSecond: null },
  ],
  processCount: null,
  topProcesses: null,
  uptimeSeconds: null,
})

type Node = SeriesQuery['metrics']['edges'][number]['node']
const node = (second: number, cpu: number, count = 1): { node: Node } => ({
  node: {
    at: iso(second),
    count,
    cpuPercent: { avg: cpu, min: cpu, max: cpu },
    load1: null,
    memoryUsed: null,
    memoryCached: null,
    diskReadRate: null,
    diskWriteRate: null,
    networkReceiveRate: null,
    networkTransmitRate: null,
  },
})
const answer = (...edges: { node: Node }[]): SeriesQuery['metrics'] => ({
  edges,
  stepSeconds: 10,
  source: 'SAMPLES',
  gaps: [],
})
const read = (...edges: { node: Node }[]): Series => toSeries(answer(...edges), start, start + 1_125_000, undefined)
const cpus = (series: Series) =>
  pointsOf(series, start, start + 600_000).map((point) => [(point.at - start) / 1000, point.figures.cpuPercent?.mean])

test('live samples make points finer than those that were read', () => {
  const series = [sample(20, 10), sample(21, 20), sample(24, 60), sample(31, 5)].reduce(foldSample, read(node(0, 1)))
  expect(series.liveStepMs).toBe(2500)
  expect(cpus(series)).toEqual([
    [5, 1],
    [21.25, 15],
    [23.75, 60],
    [31.25, 5],
  ])
})

test('the first live sample of an hour does not stand for the whole hour', () => {
  const hour = { ...answer(node(0, 80, 80)), stepSeconds: 3600 }
  const week = () => toSeries(hour, start - 7 * 86_400_000, start + 2_400_000, undefined)
  const series = [sample(2_400, 20), sample(2_402, 20)].reduce(foldSample, week())
  const points = pointsOf(series, start, start + 2_402_000)
  expect(points.map(({ figures }) => Math.round(figures.cpuPercent?.mean ?? NaN))).toEqual([80, 80])
  expect(points[1]?.figures.cpuPercent?.mean).toBeLessThan(80)
})

test('a live point lies within one step of what was read, so that none is drawn at the time of another', () => {
  const month = { ...answer(node(0, 80, 80)), stepSeconds: 10_800 }
  const read = toSeries(month, start - 30 * 86_400_000, start + 3_900_000, undefined)
  const series = foldSample(read, sample(3_900, 20))
  expect(series.stepMs % series.liveStepMs).toBe(0)
  expect(pointsOf(series, start, start + 3_900_000)).toHaveLength(1)
  const again = toSeries(month, start - 30 * 86_400_000, start + 3_910_000, series)
  expect(pointsOf(again, start, start + 3_910_000).map(({ figures }) => figures.cpuPercent?.mean)).toEqual([80])
})

test('a sample that comes twice, or late, changes nothing', () => {
  const once = foldSample(read(), sample(20, 10))
  expect(foldSample(once, sample(20, 90))).toBe(once)
  expect(foldSample(once, sample(10, 90))).toBe(once)
})

test('what this page alone has seen survives a read, and stands in for what was stored of it', () => {
  const seen = [sample(22, 20), sample(24, 40)].reduce(foldSample, read(node(0, 1)))
  const again = toSeries(answer(node(0, 1), node(10, 2), node(20, 30)), start, start + 1_125_000, seen)
  expect(cpus(again)).toEqual([
    [5, 1],
    [15, 2],
    [21.25, 20],
    [23.75, 40],
  ])
  expect(again.latest?.at).toBe(iso(24))
})

test('points of another step are not mixed in', () => {
  const seen = foldSample(read(), sample(20, 10))
  const coarse = { ...answer(node(0, 1)), stepSeconds: 60 }
  expect(toSeries(coarse, start, start, seen).live).toEqual([])
})

test('a machine talking to itself is not network, and what was not measured stays missing', () => {
  const [point] = foldSample(read(), sample(20, 10)).live
  expect(point?.figures).toMatchObject({
    networkReceiveRate: { mean: 5 },
    networkTransmitRate: null,
    memoryUsed: null,
  })
})

test('a gap begins after two intervals, not before', () => {
  const at = (second: number) => ({ ...foldSample(read(), sample(second, 1)).live[0]!, at: start + second * 1000 })
  const points = [at(0), at(20), at(41), at(140)]
  const end = start + 150_000
  expect(gapsOf(points, 10_000, start, end)).toEqual([
    { from: start + 20_000, to: start + 41_000 },
    { from: start + 41_000, to: start + 140_000 },
  ])
})

test('silence up to now is a gap, the time before the instance existed is none', () => {
  const end = start + 100_000
  expect(gapsOf([], 10_000, start + 95_000, end)).toEqual([])
  expect(gapsOf([], 10_000, start, end)).toEqual([{ from: start, to: end }])
})

test('samples of before the instance was known have their gaps too: its clock, or what it kept for us, is older', () => {
  const points = pointsOf(read(node(0, 10), node(60, 20)), start, start + 70_000)
  expect(gapsOf(points, 10_000, start + 60_000, start + 70_000)).toHaveLength(1)
})

test('a point of several samples knows between which bounds they lay', () => {
  const { node: bounded } = node(0, 40, 3)
  const series = [sample(20, 10), sample(21, 20), sample(22, 60)].reduce(
    foldSample,
    read({ node: { ...bounded, cpuPercent: { avg: 40, min: 5, max: 95 } } }),
  )
  const [stored, live] = pointsOf(series, start, start + 600_000).map(({ figures }) => figures.cpuPercent)
  expect(stored).toEqual({ mean: 40, least: 5, most: 95 })
  expect(live).toMatchObject({ least: 10, most: 60 })
})

test('a page that stands open for a day keeps no more than its span, also when nothing can be read again', () => {
  let series = toSeries({ ...answer(), stepSeconds: 30 }, start - 900_000, start, undefined)
  for (let second = 0; second < 86_400; second += 2) series = foldSample(series, sample(second, 50))
  expect(series.live.length).toBeLessThanOrEqual(900_000 / series.liveStepMs + 1)
})
