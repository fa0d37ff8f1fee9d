import { afterEach, beforeEach, expect, it } from 'vitest'
import { createChanges } from '../heartbeat/changes.ts'
import { createFakeClock, type FakeClock } from '../platform/clock.fake.ts'
import type { Undo } from '../platform/clock.ts'
import type { Told } from '../platform/consoleTime.ts'
import { createLog } from '../platform/log.ts'
import type { FactsInput, HeartbeatInput } from './gql/graphql.ts'
import { startHeartbeat } from './heartbeat.ts'
import { Refused, Unanswered } from './refused.ts'

let clock: FakeClock
let startMs: number
let beats: (HeartbeatInput & { atMs: number })[]
let facts: FactsInput
let notices: string[]
let lines: string[]
let answer: () => Promise<unknown>
let changes: ReturnType<typeof createChanges<FactsInput>>
let told: Told[]
let undo: Undo

beforeEach(() => {
  clock = createFakeClock()
  startMs = clock.monotonicMs()
  beats = []
  facts = { hostname: 'forge', os: 'linux' }
  notices = []
  lines = []
  answer = async () => ({ heartbeat: '2026-01-01T00:00:00Z' })
  changes = createChanges()
  told = []
})
afterEach(() => undo())

function start(): void {
  const ask = (_: unknown, { input }: { input: HeartbeatInput }): Promise<unknown> => {
    beats.push({ ...input, atMs: clock.monotonicMs() - startMs })
    return answer()
  }
  const log = createLog({ level: 'info', format: 'plain', clock, write: (line) => void lines.push(line) })
  const link = { ask: ask as never }
  undo = startHeartbeat({
    link,
    clock,
    log,
    intervalMs: 10_000,
    startedMs: startMs,
    facts: async () => facts,
    changes,
    notices: () => notices,
    onTold: (each) => void told.push(each),
  })
}

it('beats at once and at each interval, and states its interval and its age', async () => {
  start()
  await clock.advance(30_000)
  expect(beats.map(({ atMs, uptimeSeconds, intervalMs }) => [atMs, uptimeSeconds, intervalMs])).toEqual([
    [0, 0, 10_000],
    [10_000, 10, 10_000],
    [20_000, 20, 10_000],
    [30_000, 30, 10_000],
  ])
})

it('keeps its beat and its age when the wall clock is set an hour on or back', async () => {
  start()
  await clock.advance(10_000)
  clock.jumpWall(3_600_000)
  await clock.advance(10_000)
  clock.jumpWall(-7_200_000)
  await clock.advance(10_000)
  expect(beats.map(({ atMs, uptimeSeconds }) => [atMs, uptimeSeconds])).toEqual([
    [0, 0],
    [10_000, 10],
    [20_000, 20],
    [30_000, 30],
  ])
})

it('tells what is new once it was heard, and again until then', async () => {
  answer = async () => {
    throw new Unanswered('no answer')
  }
  notices = ['the disk is full']
  start()
  await clock.advance(10_000)
  answer = async () => ({ heartbeat: '2026-01-01T00:00:00Z' })
  await clock.advance(10_000)
  facts = { ...facts, yamlHash: 'abc' }
  notices = []
  await clock.advance(20_000)
  const news = beats.map(({ facts: told, notices: said }) => ({ told, said }))
  const all = { told: { hostname: 'forge', os: 'linux' }, said: ['the disk is full'] }
  expect(news).toEqual([all, all, all, { told: { yamlHash: 'abc' }, said: [] }, { told: undefined, said: undefined }])
})

it('is not overtaken by the next beat while its answer is awaited', async () => {
  const late = Promise.withResolvers<unknown>()
  answer = () => late.promise
  start()
  await clock.advance(50_000)
  expect(beats).toHaveLength(1)
  late.resolve({ heartbeat: '2026-01-01T00:00:00Z' })
  await clock.advance(10_000)
  expect(beats).toHaveLength(2)
})

it('goes on without facts that the console refuses, and says so once', async () => {
  answer = async () => {
    throw new Refused('BAD_INPUT', 'input.facts.hostname: expected at most 255 characters')
  }
  start()
  await clock.advance(0)
  answer = async () => ({ heartbeat: '2026-01-01T00:00:00Z' })
  await clock.advance(20_000)
  expect(beats.map(({ facts: told }) => told)).toEqual([facts, undefined, undefined])
  expect(lines).toHaveLength(1)
  facts = { ...facts, hostname: 'anvil' }
  await clock.advance(10_000)
  expect(beats.at(-1)?.facts).toEqual({ hostname: 'anvil' })
})

it('says nothing over a link that has ended, not even what was just being read', async () => {
  const reading = Promise.withResolvers<FactsInput>()
  const log = createLog({ level: 'info', format: 'plain', clock, write: (line) => void lines.push(line) })
  const ask = (): Promise<never> => {
    beats.push({ uptimeSeconds: 0, intervalMs: 0, atMs: 0 })
    return Promise.reject(new Unanswered('the link has ended'))
  }
  undo = startHeartbeat({
    link: { ask },
    clock,
    log,
    intervalMs: 10_000,
    startedMs: 0,
    facts: () => reading.promise,
    changes,
    notices: () => [],
    onTold: (each) => void told.push(each),
  })
  undo()
  reading.resolve(facts)
  await clock.advance(60_000)
  expect([beats, lines, clock.timerCount()]).toEqual([[], [], 0])
})

it('hands on what time the answer says it is, and between when it was said', async () => {
  const late = Promise.withResolvers<unknown>()
  answer = () => late.promise
  start()
  await clock.advance(70)
  late.resolve({ heartbeat: '2026-01-01T00:00:00.250Z' })
  await clock.advance(0)
  expect(told).toEqual([{ consoleTimeMs: Date.UTC(2026, 0, 1) + 250, askedMs: startMs, heardMs: startMs + 70 }])
})
