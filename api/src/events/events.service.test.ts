import type { AgentViewer, EventInput, FleetEvent } from '@sindri/schema'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createFakeClock } from '../platform/clock.fake.ts'
import { createIds } from '../platform/ids.ts'
import { createJobs } from '../platform/jobs.ts'
import { silentLog } from '../platform/log.ts'
import { topics } from '../platform/topics.ts'
import { openTestBus, openTestDb, type TestBus, type TestDb } from '../testing/backend.ts'
import { makeAgent, run, viewer } from '../testing/metrics.ts'
import { createEvents, type EventsDeps, type EventsService } from './events.ts'

let db: TestDb
let bus: TestBus
let events: EventsService
let agent: AgentViewer
const clock = createFakeClock(Date.now())
const depsOf = (): EventsDeps => ({
  db,
  bus,
  clock,
  ids: createIds(clock),
  jobs: createJobs({ clock, log: silentLog }),
  log: silentLog,
  count: () => {},
})
beforeAll(async () => {
  db = await openTestDb()
  bus = await openTestBus()
  events = createEvents(depsOf())
})
afterAll(async () => {
  await bus.close()
  await db.close()
})
beforeEach(async () => {
  agent = await makeAgent(db)
})

const event = (seq: number, rest: Partial<EventInput> = {}): EventInput => ({
  run,
  seq,
  type: 'DEPLOY',
  message: `event ${seq}`,
  at: new Date(clock.now() - 1_000_000 + seq * 1000).toISOString(),
  ...rest,
})
const watch = async (instanceId: string | null = agent.id) =>
  (await events.watch(viewer, instanceId)) as AsyncIterableIterator<FleetEvent, undefined, undefined>
const messages = async (filter: Parameters<typeof events.page>[1]['filter'], first = 50) =>
  (await events.page(viewer, { filter, first })).edges.map(({ node }) => node.message)
const next = async (watching: AsyncIterator<FleetEvent, undefined, undefined>, count: number) => {
  const seen: string[] = []
  while (seen.length < count) seen.push(((await watching.next()).value as FleetEvent).message)
  return seen
}

describe('events of agents', () => {
  it('are answered one by one, and kept once each', async () => {
    await events.publish(agent, [event(1)])
    const answer = await events.publish(agent, [
      event(1),
      event(2, { metadata: { a: 'é\ud800' } }),
      event(3, { type: 'NOTHING' }),
      event(2),
      null,
    ])
    expect(answer.outcomes).toEqual(['REPEATED', 'STORED', 'REFUSED', 'REPEATED', 'REFUSED'])
    expect(answer.refusals).toMatchObject([
      { index: 2, field: 'type' },
      { index: 4, field: 'record' },
    ])
    const { edges } = await events.page(viewer, { filter: { instanceId: agent.id } })
    expect(edges.map(({ node }) => node)).toMatchObject([
      {
        message: 'event 2',
        type: 'DEPLOY',
        metadata: { a: 'é\ufffd' },
        instanceId: agent.id,
        instanceName: agent.name,
        at: new Date(event(2).at as string),
      },
      { message: 'event 1', metadata: {} },
    ])
  })

  it('of an older link, or of an instance that was removed, get SUPERSEDED', async () => {
    await expect(events.publish({ ...agent, epoch: 0n }, [event(1)])).rejects.toMatchObject({ code: 'SUPERSEDED' })
    await db.query('update instances set deleted_at = now() where num = $1', [agent.num])
    await expect(events.publish(agent, [event(1)])).rejects.toMatchObject({ code: 'SUPERSEDED' })
    expect(await messages({ instanceId: agent.id })).toEqual([])
  })

  it('of any shape that passes the check are stored', async () => {
    const metadata = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ depthSize: 'large' }), { maxKeys: 5 })
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.string({ unit: 'binary' }), metadata), { minLength: 1, maxLength: 20 }),
        async (all) => {
          agent = await makeAgent(db)
          const { outcomes } = await events.publish(
            agent,
            all.map(([message, details], i) => event(i + 1, { message, metadata: details })),
          )
          const { edges } = await events.page(viewer, { filter: { instanceId: agent.id } })
          expect(edges).toHaveLength(outcomes.filter((outcome) => outcome === 'STORED').length)
        },
      ),
      { numRuns: 15 },
    )
  })
})

describe('events of the console', () => {
  const seen = () => ({
    instanceId: agent.id,
    instanceNum: agent.num,
    instanceName: agent.name,
    type: 'CONNECT' as const,
    message: 'seen',
    metadata: { by: 'console' },
  })

  it('are written with what was seen, and told after its commit', async () => {
    const watching = await watch()
    const tell = await db.tx((tx) => events.record(tx, [seen(), { ...seen(), message: 'seen too' }]))
    expect((await messages({ instanceId: agent.id })).toSorted()).toEqual(['seen', 'seen too'])
    tell()
    expect(await next(watching, 2)).toEqual(['seen', 'seen too'])
    await watching.return?.()
  })

  it('vanish with a transaction that fails', async () => {
    const failing = db.tx(async (tx) => {
      await events.record(tx, [seen()])
      throw new Error('undone')
    })
    await expect(failing).rejects.toThrow('undone')
    expect(await messages({ instanceId: agent.id })).toEqual([])
    expect(await db.tx((tx) => events.record(tx, []))).toBeTypeOf('function')
  })
})

describe('a page', () => {
  it('is newest first, by cursor, each once, even where times are the same', async () => {
    const at = new Date(clock.now()).toISOString()
    await events.publish(
      agent,
      Array.from({ length: 25 }, (_, i) => event(i + 1, i > 10 ? { at } : {})),
    )
    const seen: string[] = []
    for (let after: string | null = null; ;) {
      const page = await events.page(viewer, { filter: { instanceId: agent.id }, first: 4, after })
      seen.push(...page.edges.map(({ node }) => node.id))
      after = page.edges.at(-1)?.cursor ?? null
      if (!page.hasNextPage) break
    }
    const whole = (await events.page(viewer, { filter: { instanceId: agent.id } })).edges.map(({ node }) => node)
    expect(seen).toEqual(whole.map(({ id }) => id))
    expect(whole.map(({ at: time }) => time.getTime())).toEqual(
      whole.map(({ at: time }) => time.getTime()).toSorted((a, b) => b - a),
    )
  })

  it('holds what matches all of its filter', async () => {
    await events.publish(agent, [
      event(1),
      event(2, { type: 'ERROR' }),
      event(3, { type: 'BACKUP' }),
      event(4, { type: 'ERROR' }),
    ])
    const from = new Date(event(2).at as string)
    const to = new Date(event(4).at as string)
    const instanceId = agent.id
    expect(await messages({ instanceId, types: ['ERROR'] })).toEqual(['event 4', 'event 2'])
    expect(await messages({ instanceId, from, to })).toEqual(['event 3', 'event 2'])
    expect(await messages({ instanceId, types: ['ERROR', 'BACKUP'], from, to })).toEqual(['event 3', 'event 2'])
    expect(await messages({ instanceId, types: [] })).toEqual([])
    expect(
      await messages({ instanceId, from: new Date('0000-01-01T00:00:00Z'), to: new Date('9999-12-31T23:59:59Z') }),
    ).toHaveLength(4)
    expect(await messages({ types: ['BACKUP'] })).toContain('event 3')
  })

  it('still tells of an instance that was removed, and knows nobody else', async () => {
    await events.publish(agent, [event(1)])
    await db.query('update instances set deleted_at = now() where num = $1', [agent.num])
    expect(await messages({ instanceId: agent.id })).toEqual(['event 1'])
    for (const instanceId of ['ins_nobody', '', 'ins_\0', `ins_${run}`])
      await expect(messages({ instanceId })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('refuses wrong sizes and cursors', async () => {
    for (const first of [0, -1, 201, 1.5])
      await expect(events.page(viewer, { first })).rejects.toMatchObject({
        code: 'BAD_INPUT',
        details: { field: 'first' },
      })
    const wrong = [
      'x',
      '',
      Buffer.from('[1,2]').toString('base64url'),
      Buffer.from('["0000-01-01T00:00:00Z",null]').toString('base64url'),
      Buffer.from('["0000-01-01T00:00:00.000Z","evt"]').toString('base64url'),
    ]
    for (const after of wrong)
      await expect(events.page(viewer, { after })).rejects.toMatchObject({
        code: 'BAD_INPUT',
        details: { field: 'after' },
      })
    const early = Buffer.from('["0001-01-01T00:00:00.000Z","evt"]').toString('base64url')
    expect((await events.page(viewer, { after: early })).edges).toEqual([])
  })
})

describe('watching', () => {
  it('shows what is recorded from then on, of one instance or of all', async () => {
    const other = await makeAgent(db)
    await events.publish(agent, [event(1, { message: 'before' })])
    const [one, all] = [await watch(), await watch(null)]
    await events.publish(other, [event(1, { message: 'of another' })])
    await events.publish(agent, [event(2), event(3)])
    expect(await next(one, 2)).toEqual(['event 2', 'event 3'])
    expect(await next(all, 3)).toEqual(['of another', 'event 2', 'event 3'])
    await Promise.all([one.return?.(), all.return?.()])
    expect(await one.next()).toEqual({ done: true, value: undefined })
  })

  it('leaves none out when notices are lost, and brings none twice', async () => {
    // A console whose notices nobody hears, as behind a Redis that is away.
    const deaf = createEvents({ ...depsOf(), bus: { ...bus, publish: () => false } })
    const watching = await watch()
    await events.publish(agent, [event(1)])
    expect(await next(watching, 1)).toEqual(['event 1'])
    await deaf.publish(agent, [event(2)])
    await events.publish(agent, [event(3)])
    expect(await next(watching, 1)).toEqual(['event 3'])
    const late = next(watching, 1)
    await clock.advance(30_000)
    expect(await late).toEqual(['event 2'])
    await deaf.publish(agent, [event(4, { message: 'x'.repeat(4096) })])
    const last = next(watching, 2)
    await clock.advance(30_000)
    await events.publish(agent, [event(5)])
    expect((await last).map((message) => message.length)).toEqual([4096, 7])
    await watching.return?.()
  })

  it('reads on over any number of lost ones', async () => {
    const deaf = createEvents({ ...depsOf(), bus: { ...bus, publish: () => false } })
    const watching = await watch()
    const first = watching.next()
    for (let call = 0; call < 3; call++)
      await deaf.publish(
        agent,
        Array.from({ length: 400 }, (_, i) => event(call * 400 + i + 1)),
      )
    await events.publish(agent, [event(1201)])
    // The one that was told, as a rule; on a slow machine the watch begins late enough to read lost ones before it.
    const { value } = await first
    const rest = next(watching, 1200)
    await clock.advance(30_000)
    expect(new Set([value?.message, ...(await rest)]).size).toBe(1201)
    await watching.return?.()
  })

  it('of nobody is NOT_FOUND', async () => {
    await expect(watch('ins_nobody')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})

it('events are forgotten after 400 days', async () => {
  await events.publish(agent, [event(1), event(2)])
  await db.query(`update events set at = now() - interval '401 days' where instance_num = $1 and seq = 1`, [agent.num])
  const stop = events.start()
  const heard = await bus.subscribe(topics.eventRecorded, 'all')
  await clock.advance(3_600_000)
  await stop()
  await heard.return()
  expect(await messages({ instanceId: agent.id })).toEqual(['event 2'])
})
