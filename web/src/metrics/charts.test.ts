import { expect, test } from 'vitest'
import { type ChartsInput, toCharts } from './charts.ts'
import type { Point, Series } from './series.ts'

const flat = (value: number) => ({ mean: value, least: value, most: value })
const point = (at: number, figures: Partial<Point['figures']> = {}): Point => ({
  at,
  count: 1,
  figures: {
    cpuPercent: flat(10),
    load1: flat(1),
    memoryUsed: flat(100),
    memoryCached: flat(50),
    diskReadRate: flat(10),
    diskWriteRate: flat(20),
    networkReceiveRate: flat(300),
    networkTransmitRate: flat(3_100_000),
    ...figures,
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

test('an axis has room for peaks behind the means, but not so much that the means lie flat', () => {
  const top = (most: number) => toCharts(input([point(0, { diskReadRate: { mean: 1000, least: 0, most } })])).disk.top
  expect(top(3000)).toBe(4000)
  expect(top(900_000)).toBe(4000)
})

test('the bounds of a load are brought to the axis with it, and a sum has none', () => {
  const { cpu, memory } = toCharts(input([point(0, { load1: { mean: 2, least: 1, most: 4 } })]))
  expect(cpu.lines[1]?.points[0]).toMatchObject({ value: 50, least: 25, most: 100 })
  expect(memory.lines[1]?.points[0]).toEqual({ at: 5000, value: 150 })
})
