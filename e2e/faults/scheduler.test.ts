import { expect, test } from 'vitest'
import { type Choice, createRandom, schedule } from './scheduler.ts'

const choices: Choice[] = [
  { kind: 'kill', targets: ['a', 'b', 'c'], times: 2 },
  { kind: 'cut', targets: ['a', 'w'] },
  { kind: 'full', targets: ['a'], holds: () => ['a', 'b'], lengthMs: [100, 200] },
]
const minuteMs = 60_000

test('one seed gives one sequence, and another seed another one', () => {
  expect(schedule(7, minuteMs, choices)).toEqual(schedule(7, minuteMs, choices))
  expect(schedule(7, minuteMs, choices)).not.toEqual(schedule(8, minuteMs, choices))
})

test('random numbers spread evenly over [0, 1)', () => {
  const random = createRandom(1)
  const tenths = Array.from({ length: 10 }, () => 0)
  for (let i = 0; i < 10_000; i++) tenths[Math.floor(random() * 10)]! += 1
  expect(Math.min(...tenths)).toBeGreaterThan(900)
})

test.each([1, 2, 3, 4, 5])('seed %i: all kinds, all targets, in time, and never two at the same', (seed) => {
  const acts = schedule(seed, 10 * minuteMs, choices)
  expect(acts.length).toBeGreaterThan(60)
  expect(acts.map(({ atMs }) => atMs)).toEqual(acts.map(({ atMs }) => atMs).toSorted((a, b) => a - b))
  const times = (kind: string) => acts.filter((act) => act.kind === kind).length
  expect(Math.abs(times('kill') - 2 * times('cut'))).toBeLessThan(12)
  expect(times('full')).toBeGreaterThan(acts.length / 8)
  const kills = acts.filter(({ kind }) => kind === 'kill').map(({ target }) => target)
  expect(new Set(kills.slice(0, 6)).size).toBe(3)
  const holds = ({ kind, target }: { kind: string; target: string }) => (kind === 'full' ? ['a', 'b'] : [target])
  for (const [i, act] of acts.entries()) {
    expect(act.atMs + act.lengthMs).toBeLessThanOrEqual(10 * minuteMs)
    for (const later of acts.slice(i + 1)) {
      if (holds(later).some((part) => holds(act).includes(part)))
        expect(later.atMs).toBeGreaterThan(act.atMs + act.lengthMs)
    }
  }
})
