import { expect, test } from 'vitest'
import { type ChartsInput, toCharts } from './charts.ts'
import type { Point, Series } from './series.ts'

const point = (at: number, means: Partial<Point['means']> = {}): Point => ({
  at,
  count: 1,
  means: {
    cpuPercent: 10,
    load1: 1,
    memoryUsed: 100,
    memoryCached: 50,
    diskReadRate: 10,
    diskWriteRate: 20,
    networkReceiveRate: 300,
    networkTransmitRate: 3_100_000,
    ...means,
  },
})
const series = (...stored: Point[]): Series => ({
  stepMs: 10_000,
  liveStepMs: 2500,
  stored,
  live: [],
  lastAt: 0,
  latest: null,
  dropped: 0,
  from: 0,
  readAt: 0,
})
const input = (stored: Point[], extra: Partial<ChartsInput> = {}): ChartsInput => ({
  series: series(...stored),
  from: 0,
  to: 40_000,
  live: true,
  sampleMs: 10_000,
  since: 0,
  cores: 4,
  memoryTotal: 1024,
  marks: [],
  ...extra,
})
const regular = [point(0), point(10_000), point(20_000), point(30_000)]

test('load is drawn as a share of the cores and told as itself', () => {
  const [, load] = toCharts(input(regular)).cpu.lines
  expect(load?.points[0]?.value).toBe(25)
  expect(load?.text(25)).toBe('1')
})

test('both directions of the network share an axis that holds the larger', () => {
  const { network } = toCharts(input(regular))
  expect(network.top).toBe(4_000_000)
  expect(network.lines.map((line) => line.mirrored ?? false)).toEqual([false, true])
})

test('memory ends at what the machine has', () => {
  expect(toCharts(input(regular)).memory.top).toBe(1024)
  expect(toCharts(input([point(0, { memoryCached: null })])).memory.lines[1]?.points[0]?.value).toBeNull()
})

test('a chart whose samples have stopped has no live edge', () => {
  expect(toCharts(input(regular)).cpu.live).toBe(true)
  const silent = toCharts(input(regular, { to: 90_000 })).cpu
  expect(silent).toMatchObject({ live: false, gaps: [{ from: 35_000, to: 90_000 }] })
})

test('only what happened within the span is marked', () => {
  const mark = (at: number) => ({ id: `e${at}`, at, text: 'x' })
  expect(toCharts(input(regular, { marks: [mark(-1), mark(5), mark(50_000)] })).cpu.marks).toEqual([mark(5)])
})

test('what lies behind the end of the span is not squeezed onto its edge', () => {
  const { cpu } = toCharts(input(regular, { to: 15_000 }))
  expect(cpu.lines[0]?.points.map(({ at }) => at)).toEqual([5000, 15_000])
})
