import type { AgentAck } from '@sindri/schema/contract/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createFakeClock, type FakeClock } from '../platform/clock.fake.ts'
import { createLog } from '../platform/log.ts'
import { openOutbox, type Outbox } from '../platform/outbox/outbox.ts'
import { type Pump, startPump } from './pump.ts'
import { Refused, Unanswered } from './refused.ts'

interface Published {
  stream: string
  seqs: number[]
}

let clock: FakeClock
let outbox: Outbox
let pump: Pump
let published: Published[]
let lines: string[]
/** What the console says to a mutation; outcomes are those of its records. */
let answer: (batch: Published) => Promise<{ outcomes: string[]; refusals: unknown[] }>

const stored = async ({ seqs }: Published) => ({ outcomes: seqs.map(() => 'STORED'), refusals: [] })
const refuse =
  (code: ConstructorParameters<typeof Refused>[0], details = {}) =>
  async (): Promise<never> => {
    throw new Refused(code, `no: ${code}`, details)
  }

beforeEach(async () => {
  clock = createFakeClock()
  published = []
  lines = []
  answer = stored
  const log = createLog({ level: 'info', format: 'plain', clock, write: (line) => void lines.push(line) })
  outbox = await openOutbox({ dir: null, run: '01JZZZZZZZZZZZZZZZZZZZZZZZ', clock, nowMs: clock.now, log })
})
afterEach(async () => {
  pump.stop()
  await outbox.close()
})

function start(protocolVersion = '1.1'): void {
  const ask = async ({ query }: { query: string }, { records }: { records: { seq: number }[] }): Promise<unknown> => {
    const [, field = '', stream = ''] = /(publish(\w+))\(records/.exec(query) ?? []
    const batch = { stream, seqs: records.map(({ seq }) => seq) }
    published.push(batch)
    return { [field]: await answer(batch) }
  }
  const log = createLog({ level: 'info', format: 'plain', clock, write: (line) => void lines.push(line) })
  pump = startPump({ link: { ask: ask as never, ack: { protocolVersion } as AgentAck }, outbox, clock, log })
}

function append(count: number, stream: 'samples' | 'events' | 'commands' = 'samples'): void {
  for (let index = 0; index < count; index++) outbox.append(stream, clock.now(), { index })
}

const waiting = (): number => outbox.state().waiting + outbox.state().inFlight

it('sends what waits, and what comes later at once; events before samples', async () => {
  append(3)
  append(1, 'events')
  start()
  await pump.drained()
  append(1)
  await pump.drained()
  expect(published).toEqual([
    { stream: 'Events', seqs: [1] },
    { stream: 'Samples', seqs: [1, 2, 3] },
    { stream: 'Samples', seqs: [4] },
  ])
})

it('sends news of commands between events and samples, and keeps them from a console that is older', async () => {
  append(1)
  append(2, 'commands')
  start('1.0')
  append(1, 'events')
  await pump.drained()
  expect(published.map(({ stream }) => stream).sort()).toEqual(['Events', 'Samples'])
  expect(outbox.held('commands').records).toBe(2)
  pump.stop()
  // What it was about to take is given back first.
  await clock.advance(0)
  published = []
  append(1)
  append(1, 'events')
  start()
  await pump.drained()
  expect(published).toEqual([
    { stream: 'Events', seqs: [2] },
    { stream: 'CommandRecords', seqs: [1, 2] },
    { stream: 'Samples', seqs: [2] },
  ])
})

it('keeps the halves of a refused batch from a console that is older', async () => {
  answer = async (batch) => {
    if (batch.seqs.length > 1) throw new Refused('TOO_LARGE', 'no', {})
    throw new Unanswered('the link closed')
  }
  append(2, 'commands')
  start()
  await expect.poll(() => outbox.state().waiting).toBe(2)
  expect(published.length).toBeGreaterThan(1)
  pump.stop()
  published = []
  answer = stored
  start('1.0')
  append(1)
  await pump.drained()
  expect(published.map(({ stream }) => stream)).toEqual(['Samples'])
  pump.stop()
  start()
  await pump.drained()
  expect(outbox.held('commands').records).toBe(0)
})

it('has no more than four mutations unanswered', async () => {
  const answers: (() => void)[] = []
  answer = (batch) => new Promise((resolve) => void answers.push(() => resolve(stored(batch))))
  append(3000)
  start()
  await expect.poll(() => published.length).toBe(4)
  await clock.advance(0)
  expect(published.map(({ seqs }) => seqs.length)).toEqual([500, 500, 500, 500])
  answers[2]?.()
  await expect.poll(() => published.length).toBe(5)
  for (let index = 0; index < 6; index++) {
    await expect.poll(() => answers.length).toBeGreaterThan(index)
    answers[index]?.()
  }
  await pump.drained()
  expect(new Set(published.flatMap(({ seqs }) => seqs)).size).toBe(3000)
})

describe('a console that is busy or broken costs no record', () => {
  it('is not asked without a pause, though it asks for no patience', async () => {
    answer = refuse('UNAVAILABLE', { retryAfterMs: 0 })
    append(2)
    start()
    await expect.poll(() => published.length).toBe(1)
    await clock.advance(99)
    expect(published).toHaveLength(1)
    answer = stored
    await clock.advance(1)
    await pump.drained()
    expect(published).toHaveLength(2)
  })

  it('waits as long as UNAVAILABLE says', async () => {
    answer = refuse('UNAVAILABLE', { retryAfterMs: 5000 })
    append(2)
    start()
    await expect.poll(() => published.length).toBe(1)
    await clock.advance(4999)
    expect(published).toHaveLength(1)
    answer = stored
    await clock.advance(1)
    await pump.drained()
    expect(published.map(({ seqs }) => seqs)).toEqual([
      [1, 2],
      [1, 2],
    ])
  })

  it.each([
    ['INTERNAL', refuse('INTERNAL')],
    ['FORBIDDEN', refuse('FORBIDDEN')],
    ['SUPERSEDED', refuse('SUPERSEDED')],
    ['UNAUTHENTICATED', refuse('UNAUTHENTICATED')],
    ['RATE_LIMITED', refuse('RATE_LIMITED')],
    ['no answer', () => Promise.reject(new Unanswered('no answer within 20 s'))],
    ['too few outcomes', async () => ({ outcomes: [], refusals: [] })],
    [
      'outcomes that nobody knows',
      async ({ seqs }: Published) => ({ outcomes: seqs.map(() => 'PERHAPS'), refusals: [] }),
    ],
  ])('keeps everything after %s, and asks ever less often', async (_, reply) => {
    answer = reply
    append(3)
    start()
    await expect.poll(() => published.length).toBe(1)
    const atMs: number[] = []
    for (let second = 1; second <= 120; second++) {
      const before = published.length
      await clock.advance(1000)
      if (published.length > before) atMs.push(second)
    }
    expect(atMs).toEqual([1, 3, 7, 15, 31, 61, 91])
    expect(waiting()).toBe(3)
    answer = stored
    await clock.advance(30_000)
    await pump.drained()
    expect(waiting()).toBe(0)
    // After success a new fault begins with short pauses.
    answer = reply
    append(1)
    await expect.poll(() => outbox.state().inFlight).toBe(0)
    const before = published.length
    await clock.advance(1000)
    expect(published).toHaveLength(before + 1)
  })

  it('sends again only what was not answered for', async () => {
    answer = async () => ({ outcomes: ['STORED', 'REPEATED', 'LATER'], refusals: [] })
    append(5)
    start()
    await expect.poll(() => published.length).toBe(1)
    answer = stored
    await clock.advance(1000)
    await pump.drained()
    expect(published.map(({ seqs }) => seqs)).toEqual([
      [1, 2, 3, 4, 5],
      [3, 4, 5],
    ])
  })
})

it('drops what is refused for good, and says why once', async () => {
  answer = async ({ seqs }) => ({
    outcomes: seqs.map((seq) => (seq % 2 ? 'REFUSED' : 'STORED')),
    refusals: [{ index: 0, code: 'BAD_INPUT', field: 'cpu.usagePercent', expected: '0 to 100', got: '101' }],
  })
  append(4)
  start()
  await pump.drained()
  expect([published.length, outbox.state().refused]).toEqual([1, 2])
  expect(lines.filter((line) => line.includes('refused'))).toHaveLength(2)
})

it.each(['BAD_QUERY', 'BAD_INPUT', 'TOO_LARGE'] as const)(
  'after %s it halves, until the record that spoils it stands alone',
  async (code) => {
    answer = async (batch) => (batch.seqs.includes(6) ? refuse(code)() : stored(batch))
    append(8)
    start()
    await pump.drained()
    expect(published.map(({ seqs }) => seqs).filter((seqs) => seqs.includes(6))).toEqual([
      [1, 2, 3, 4, 5, 6, 7, 8],
      [5, 6, 7, 8],
      [5, 6],
      [6],
    ])
    expect(outbox.state()).toMatchObject({ waiting: 0, inFlight: 0, refused: 1 })
  },
)

it('releases what is unanswered when its link ends, and touches nothing afterwards', async () => {
  const late = Promise.withResolvers<never>()
  answer = () => late.promise
  append(2)
  start()
  await expect.poll(() => published.length).toBe(1)
  const drained = pump.drained()
  pump.stop()
  await drained
  late.reject(new Unanswered('the link closed'))
  await clock.advance(60_000)
  append(1)
  await clock.advance(60_000)
  expect([published.length, outbox.state().waiting, outbox.state().inFlight, lines]).toEqual([1, 3, 0, []])
  expect(clock.timerCount()).toBe(0)
})
