import type { AgentViewer, LiveSample } from '@sindri/schema'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openDb } from '../platform/db.ts'
import { silentLog } from '../platform/log.ts'
import { topics } from '../platform/topics.ts'
import { backend, openTestDb } from '../testing/backend.ts'
import { makeAgent, openMetrics, run, viewer, type TestMetrics } from '../testing/metrics.ts'
import { createMetrics } from './metrics.ts'

let t: TestMetrics
let agent: AgentViewer
beforeAll(async () => {
  t = await openMetrics()
})
afterAll(() => t.close())
beforeEach(async () => {
  agent = await makeAgent(t.db)
})

const idle = {
  log: silentLog,
  jobs: { start: () => () => Promise.resolve() },
  order: () => {},
  count: () => {},
  retentionDays: 30,
}

const rowsOf = ({ num }: AgentViewer) =>
  t.db.query<{ seq: number; at: Date; cpu: number | null }>(
    'select seq, at, cpu from metric_sample where instance = $1 order by run, seq, at',
    [num],
  )
const seqsOf = async (of: AgentViewer) => (await rowsOf(of)).map(({ seq }) => seq)

describe('records', () => {
  it('are answered one by one: stored, repeated or refused with the reason, in the order of the request', async () => {
    await t.metrics.publish(agent, [t.sample(2)])
    const answer = await t.metrics.publish(agent, [
      t.sample(1),
      t.sample(2),
      null,
      t.sample(3, 0, { cpu: { usagePercent: 'much' } }),
      t.sample(4),
      t.sample(4),
      t.sample(5, -3_600_000),
    ])
    expect(answer.outcomes).toEqual(['STORED', 'REPEATED', 'REFUSED', 'REFUSED', 'STORED', 'REPEATED', 'REFUSED'])
    expect(answer.refusals).toMatchObject([
      { index: 2, code: 'BAD_INPUT', field: 'record', expected: 'an object', got: 'null' },
      { index: 3, code: 'BAD_INPUT', field: 'cpu.usagePercent', expected: 'a number from 0 to 100', got: '"much"' },
      { index: 6, code: 'CLOCK', field: 'at' },
    ])
    expect(await seqsOf(agent)).toEqual([1, 2, 4])
  })

  it('of an earlier run keep that run, so that a lost spool never makes new samples look like repeats', async () => {
    const later = `${run.slice(0, -1)}G`
    expect((await t.metrics.publish(agent, [t.sample(1, 60_000)])).outcomes).toEqual(['STORED'])
    expect((await t.metrics.publish(agent, [t.sample(1, 0, { run: later }), t.sample(1, 60_000)])).outcomes).toEqual([
      'STORED',
      'REPEATED',
    ])
    expect(await seqsOf(agent)).toEqual([1, 1])
  })

  it('are answered after commit: whoever was told STORED finds the row', async () => {
    for (let seq = 1; seq <= 5; seq++) {
      await t.metrics.publish(agent, [t.sample(seq)])
      expect(await seqsOf(agent)).toHaveLength(seq)
    }
  })

  it('that all are refused, or none, need no database', async () => {
    expect(await t.metrics.publish(agent, [])).toEqual({ outcomes: [], refusals: [] })
    expect((await t.metrics.publish(agent, [null, null])).outcomes).toEqual(['REFUSED', 'REFUSED'])
  })

  it('beyond 500 in one call are refused as a whole', async () => {
    const many = Array.from({ length: 501 }, (_, i) => t.sample(i + 1))
    await expect(t.metrics.publish(agent, many)).rejects.toMatchObject({
      code: 'BAD_INPUT',
      details: { field: 'records', got: '501' },
    })
    expect((await t.metrics.publish(agent, many.slice(1))).outcomes).toEqual(Array.from({ length: 500 }).fill('STORED'))
  })

  it('keep every figure, and null for what is not known', async () => {
    const answer = await t.metrics.publish(agent, [
      t.sample(1, 0, {
        cpu: { usagePercent: 12.3, stealPercent: 1e-50, loadAvg1: 0.1 },
        memory: { total: Number.MAX_SAFE_INTEGER, used: 1, cached: 2, available: 3, swapUsed: 4 },
        disks: Array.from({ length: 256 }, (_, i) => ({
          mountPoint: `/${i}`,
          total: Number.MAX_SAFE_INTEGER,
          used: 1,
          readBytesPerSecond: 0.5,
        })),
        network: [
          { name: 'lo', rxBytesPerSecond: 5 },
          { name: 'eth0', rxBytesPerSecond: 7 },
        ],
      }),
    ])
    expect(answer.outcomes).toEqual(['STORED'])
    const [row] = await t.db.query(
      `select cpu, steal, load1, mem_total, mem_used, mem_cached, mem_available, swap_used, disk_used, disk_read, disk_write, net_rx, net_tx,
         disk_total::float8 from metric_sample where instance = $1`,
      [agent.num],
    )
    expect(row).toMatchObject({
      cpu: 12.3,
      steal: 0,
      load1: 0.1,
      mem_total: Number.MAX_SAFE_INTEGER,
      mem_used: 1,
      mem_cached: 2,
      mem_available: 3,
      swap_used: 4,
      disk_used: 256,
      disk_read: 128,
      disk_write: null,
      net_rx: 7,
      net_tx: null,
    })
    expect((row?.disk_total as number) / (256 * Number.MAX_SAFE_INTEGER)).toBeCloseTo(1, 9)
  })
})

describe('a link', () => {
  it('of an older epoch gets SUPERSEDED, and nothing of it is stored, while others in the same moment go on', async () => {
    const other = await makeAgent(t.db)
    await t.db.query('update instances set epoch = 2 where num = $1', [agent.num])
    const [old, current, neighbour] = await Promise.allSettled([
      t.metrics.publish(agent, [t.sample(1)]),
      t.metrics.publish({ ...agent, epoch: 2n }, [t.sample(1)]),
      t.metrics.publish(other, [t.sample(1)]),
    ])
    expect(old).toMatchObject({ status: 'rejected', reason: { code: 'SUPERSEDED' } })
    expect([current, neighbour]).toMatchObject([
      { value: { outcomes: ['STORED'] } },
      { value: { outcomes: ['STORED'] } },
    ])
    expect(await seqsOf(agent)).toEqual([1])
    await expect(
      t.metrics.publishGaps(agent, [{ run, seq: 1, from: t.sample(1).at, to: t.sample(1).at, dropped: 1 }]),
    ).rejects.toMatchObject({
      code: 'SUPERSEDED',
    })
  })

  it('is looked up by its number alone, also by a plan from when there were few', async () => {
    const db = await openTestDb()
    const made = `insert into instances (id, name, public_key, thumbprint) select 'ins_' || n, 'fleet-' || n, 'k', 't' from generate_series($1::int4, $2::int4) n returning num`
    const [first] = await db.query<{ num: number }>(made, [1, 3])
    // One after the other on one connection, which keeps its plans.
    const ask = () => db.query('select superseded_links($1::int4[], $2::int8[])', [[first?.num], [0]])
    const rowsRead = async (): Promise<number> => {
      await db.query('select pg_stat_force_next_flush()')
      const [row] = await db.query<{ rows: number }>(
        `select (seq_tup_read + idx_tup_fetch)::float8 as rows from pg_stat_user_tables where relname = 'instances'`,
      )
      return row?.rows ?? Number.NaN
    }
    await db.query('analyze instances')
    // More often than a plan is made anew for.
    for (let i = 0; i < 8; i++) expect(await ask()).toEqual([])
    await db.query(made, [4, 2_000])
    const before = await rowsRead()
    await ask()
    expect((await rowsRead()) - before).toBe(1)
    await db.close()
  })

  it('of an instance that was removed gets SUPERSEDED', async () => {
    await t.db.query('update instances set deleted_at = now() where num = $1', [agent.num])
    await expect(t.metrics.publish(agent, [t.sample(1)])).rejects.toMatchObject({ code: 'SUPERSEDED' })
  })
})

describe('many agents at once', () => {
  it('each get their own answers', async () => {
    const agents = await Promise.all(Array.from({ length: 30 }, () => makeAgent(t.db)))
    const answers = await Promise.all(
      agents.flatMap((each, i) => [
        t.metrics.publish(each, [t.sample(1), t.sample(2), null]),
        t.metrics.publish(each, [t.sample(2), t.sample(3 + i)]),
      ]),
    )
    answers.forEach(({ outcomes }, i) => {
      if (i % 2 === 0) expect(outcomes[2]).toBe('REFUSED')
      // Which of the two calls was first is not promised, that one of them stored it is.
      else
        expect([outcomes[0], answers[i - 1]?.outcomes[1]].toSorted((a, b) => (a ?? '').localeCompare(b ?? ''))).toEqual(
          ['REPEATED', 'STORED'],
        )
    })
    for (const [i, each] of agents.entries()) expect(await seqsOf(each)).toEqual([1, 2, 3 + i])
  })

  it('do not fail each other: a statement that fails is tried again agent by agent', async () => {
    const [sick, ...healthy] = await Promise.all(Array.from({ length: 12 }, () => makeAgent(t.db)))
    await t.db.query(
      `create function refuse_sick() returns trigger language plpgsql as $$ begin raise exception 'sick'; end $$`,
    )
    await t.db.query(
      `create trigger sick before insert on metric_sample for each row when (new.instance = ${sick?.num}) execute function refuse_sick()`,
    )
    const outcomes = await Promise.allSettled(
      [sick as AgentViewer, ...healthy].map((each) => t.metrics.publish(each, [t.sample(1)])),
    )
    await t.db.query('drop trigger sick on metric_sample')
    expect(outcomes[0]).toMatchObject({
      status: 'rejected',
      reason: { message: expect.stringContaining('sick') as string },
    })
    expect(outcomes.slice(1)).toMatchObject(healthy.map(() => ({ value: { outcomes: ['STORED'] } })))
    expect(await seqsOf(sick as AgentViewer)).toEqual([])
  })
})

it('a record finds its partition even when the clock has leapt past those that were made', async () => {
  const leapMs = 20 * 86_400_000
  t.clock.jumpWall(leapMs)
  expect((await t.metrics.publish(agent, [t.sample(1), t.sample(2, 30 * 86_400_000 - 1)])).outcomes).toEqual([
    'STORED',
    'STORED',
  ])
  t.clock.jumpWall(-leapMs)
})

describe('the newest sample', () => {
  it('is whole, and stays the newest when older ones come late', async () => {
    expect(await t.metrics.latest(viewer, agent.id)).toBeNull()
    await t.metrics.publish(agent, [
      t.sample(1, 60_000),
      t.sample(2, 0, { disks: [{ mountPoint: '/', total: 5 }] }),
      t.sample(3, 30_000),
    ])
    await t.metrics.publish(agent, [t.sample(4, 90_000)])
    const newest = await t.metrics.latest(viewer, agent.id)
    expect(newest).toMatchObject({
      at: new Date(t.clock.now()),
      disks: [{ mountPoint: '/', total: 5, used: null }],
      network: null,
    })
  })

  it('is that of all mutations under way at once, and each five minutes of theirs have their snapshot', async () => {
    // The first goes by itself, the others together.
    const agos = [30_000, 400_000, 0, 700_000, 10_000, 410_000]
    const named = agos.map((ago, i) =>
      t.metrics.publish(agent, [t.sample(i + 1, ago, { disks: [{ mountPoint: `/"\\{},${i}` }] })]),
    )
    for (const { outcomes } of await Promise.all(named)) expect(outcomes).toEqual(['STORED'])
    expect((await t.metrics.latest(viewer, agent.id))?.disks?.[0]?.mountPoint).toBe('/"\\{},2')
    const [kept] = await t.db.query<{ buckets: number; distinct: number }>(
      `select count(*)::int4 as buckets, (select count(distinct date_bin('5 minutes', at, 'epoch'))::int4 from metric_sample
       where instance = $1) as distinct from metric_snapshot where instance = $1`,
      [agent.num],
    )
    expect(kept?.buckets).toBe(kept?.distinct)
  })

  it('is kept with the shares that lists are sorted by', async () => {
    const full = {
      cpu: { usagePercent: 12.5 },
      memory: { total: 8, used: 2 },
      disks: [{ mountPoint: '/', total: 4, used: 3 }],
      network: [{ name: 'eth0', rxBytesPerSecond: 1_000, txBytesPerSecond: 24 }],
    }
    const shares = () =>
      t.db.query('select cpu, memory, disk, network from metric_latest where instance = $1', [agent.num])
    await t.metrics.publish(agent, [t.sample(1, 30_000, full)])
    expect(await shares()).toEqual([{ cpu: 12.5, memory: 0.25, disk: 0.75, network: 1_024 }])
    await t.metrics.publish(agent, [t.sample(2)])
    expect(await shares()).toMatchObject([{ disk: null }])
  })

  it('of many instances costs one query, and an unknown one is null', async () => {
    const others = await Promise.all([1, 2, 3].map(() => makeAgent(t.db)))
    for (const each of others) await t.metrics.publish(each, [t.sample(1)])
    let queries = 0
    const counting = { ...t.db, query: ((...args) => (queries++, t.db.query(...args))) as typeof t.db.query }
    const metrics = createMetrics({ ...t, db: counting, ...idle })
    const answers = await Promise.all(
      [...others.map(({ id }) => id), agent.id, 'ins_unknown', others[0]?.id ?? ''].map((id) =>
        metrics.latest(viewer, id),
      ),
    )
    expect(answers.map((answer) => answer?.cpu?.usagePercent ?? null)).toEqual([10, 10, 10, null, null, 10])
    expect(queries).toBe(1)
  })

  it('is also kept once per five minutes', async () => {
    const start = Math.ceil(t.clock.now() / 300_000) * 300_000
    await t.clock.advance(start - t.clock.now())
    const one = (seq: number, agoMs: number) => t.metrics.publish(agent, [t.sample(seq, agoMs, { processCount: seq })])
    for (const [i, agoMs] of [299_000, 200_000, 0, -100_000, 600_000, 250_000].entries()) await one(i + 1, agoMs)
    const snapshots = async (fromMs: number, toMs: number, more: object = {}) =>
      t.metrics.snapshots(viewer, {
        instanceId: agent.id,
        from: new Date(start + fromMs),
        to: new Date(start + toMs),
        ...more,
      })
    const shown = ({ edges }: Awaited<ReturnType<typeof snapshots>>) =>
      edges.map(({ node }) => [node.at.getTime() - start, node.processCount])
    const all = [
      [-600_000, 5],
      [-299_000, 1],
      [0, 3],
    ]
    expect(shown(await snapshots(-86_400_000, 86_400_000))).toEqual(all)
    // By the times of the samples, not of the five minutes they stand for.
    expect(shown(await snapshots(-299_000, 0))).toEqual([all[1]])
    expect(shown(await snapshots(-298_000, 1))).toEqual([all[2]])
    const first = await snapshots(-86_400_000, 86_400_000, { first: 2 })
    expect([shown(first), first.hasNextPage]).toEqual([all.slice(0, 2), true])
    const rest = await snapshots(-86_400_000, 86_400_000, { first: 2, after: first.edges[1]?.cursor })
    expect([shown(rest), rest.hasNextPage]).toEqual([all.slice(2), false])
    expect(rest.edges[0]?.node.memory).toMatchObject({ total: 8e9, used: 5e9 })
  })

  it('kept so is refused for ranges, pages and instances that are none', async () => {
    const good = { instanceId: agent.id, from: new Date(0), to: new Date(t.clock.now()) }
    const refusal = (more: object) => expect(t.metrics.snapshots(viewer, { ...good, ...more })).rejects
    await refusal({ to: good.from }).toMatchObject({ code: 'BAD_INPUT', details: { field: 'to' } })
    await refusal({ first: 0 }).toMatchObject({ code: 'BAD_INPUT', details: { field: 'first' } })
    await refusal({ first: 201 }).toMatchObject({ code: 'BAD_INPUT' })
    await refusal({ after: 'WzFd' }).toMatchObject({ code: 'BAD_INPUT', details: { field: 'after' } })
    await refusal({ instanceId: 'ins_nobody' }).toMatchObject({ code: 'NOT_FOUND' })
    const extreme = { from: new Date('0000-01-01T00:00:00Z'), to: new Date('9999-12-31T23:59:59Z') }
    expect((await t.metrics.snapshots(viewer, { ...good, ...extreme })).edges).toEqual([])
  })
})

describe('gaps', () => {
  it('are records too: stored once, refused one by one', async () => {
    const gap = { run, seq: 1, from: t.sample(1, 60_000).at, to: t.sample(1).at, dropped: 7 }
    const answer = await t.metrics.publishGaps(agent, [gap, gap, { ...gap, seq: 2, dropped: -1 }, null])
    expect(answer.outcomes).toEqual(['STORED', 'REPEATED', 'REFUSED', 'REFUSED'])
    expect((await t.metrics.publishGaps(agent, [gap])).outcomes).toEqual(['REPEATED'])
    const { gaps } = await t.metrics.series(viewer, {
      instanceId: agent.id,
      from: new Date(t.clock.now() - 90_000),
      to: new Date(t.clock.now()),
    })
    expect(gaps).toEqual([{ from: new Date(t.clock.now() - 60_000), to: new Date(t.clock.now()), dropped: 7 }])
  })
})

describe('what was stored', () => {
  it('is told to whoever watches, once it is committed; repeats and a backlog are not', async () => {
    const heard = await t.bus.subscribe(topics.metricSampled, agent.id)
    await t.metrics.publish(agent, [t.sample(1, 3_600_000), t.sample(2, 30_000), t.sample(3)])
    await t.metrics.publish(agent, [t.sample(3)])
    await t.metrics.publishLive(agent, { at: t.sample(4).at, cpu: { usagePercent: 99 } })
    const values = [await heard.next(), await heard.next(), await heard.next()].map(
      ({ value }) => value as { stored: boolean; sample: { at: Date } },
    )
    expect(values.map(({ stored, sample }) => [stored, t.clock.now() - sample.at.getTime()])).toEqual([
      [true, 30_000],
      [true, 0],
      [false, 0],
    ])
    await heard.return()
    expect(await seqsOf(agent)).toEqual([1, 2, 3])
  })

  it('is told to other replicas without its lists when they do not fit into a message', async () => {
    const heard = await t.bus.subscribe(topics.metricSampled, agent.id)
    const far = await (await t.bus.another?.())?.subscribe(topics.metricSampled, agent.id)
    const network = Array.from({ length: 256 }, (_, i) => ({ name: `veth${i}`.padEnd(128, 'x'), rxBytes: 1e12 }))
    const disks = Array.from({ length: 256 }, (_, i) => ({ mountPoint: `/${i}`.padEnd(300, 'x') }))
    expect((await t.metrics.publish(agent, [t.sample(1, 0, { network, disks })])).outcomes).toEqual(['STORED'])
    expect((await heard.next()).value).toMatchObject({ sample: { disks: { length: 256 } } })
    if (far)
      expect((await far.next()).value).toMatchObject({
        sample: { cpu: { usagePercent: 10 }, network: null, disks: null },
      })
    await far?.return()
    expect((await t.metrics.latest(viewer, agent.id))?.disks).toHaveLength(256)
    await heard.return()
  })
})

it('a live sample says whether anybody may have seen it', async () => {
  const live = () => t.metrics.publishLive(agent, { at: new Date(t.clock.now()).toISOString() })
  // Behind Redis another replica may have somebody who looks.
  expect(await live()).toBe(backend === 'services')
  const watching = (await t.metrics.watch(viewer, [agent.id])) as AsyncIterableIterator<LiveSample>
  expect(await live()).toBe(true)
  await watching.return?.()
  expect(await live()).toBe(backend === 'services')
})

it('a live sample that is wrong is refused', async () => {
  await expect(t.metrics.publishLive(agent, { at: 'now' })).rejects.toMatchObject({
    code: 'BAD_INPUT',
    details: { field: 'at' },
  })
})

it('a database that does not answer is UNAVAILABLE, and the same records are stored later', async () => {
  const away = await openDb('postgres://nobody@127.0.0.1:1/nothing')
  const metrics = createMetrics({ ...t, db: away, ...idle })
  await expect(metrics.publish(agent, [t.sample(1)])).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    details: { retryAfterMs: 2000 },
  })
  expect((await t.metrics.publish(agent, [t.sample(1)])).outcomes).toEqual(['STORED'])
  await away.close()
})
