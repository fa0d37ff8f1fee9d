import { afterAll, beforeAll, expect, it } from 'vitest'
import { openDb } from '../platform/db.ts'
import { makeAgent, openMetrics, viewer, type TestMetrics } from '../testing/metrics.ts'
import { createPartitions } from './partitions.ts'
import { forget } from './retention.ts'
import { rollUp } from './rollups.ts'

const dayMs = 86_400_000
let t: TestMetrics
beforeAll(async () => {
  t = await openMetrics(30)
})
afterAll(() => t.close())

const days = async () =>
  (
    await t.db.query<{ name: string }>(
      `select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'metric_sample'::regclass order by 1`,
    )
  ).map(({ name }) => name)
const make = (db = t.db) => createPartitions({ db, clock: t.clock, acceptedMs: 30 * dayMs, retentionMs: 30 * dayMs })
/** Without its jobs, which the tests run themselves. */
const reach = (text: string) => t.clock.jumpWall(Date.parse(text) - t.clock.now())

it('there is a day for every sample that may come, and for two days ahead', async () => {
  const all = await days()
  expect([all.length, all[0], all.at(-1)]).toEqual([33, 'metric_sample_20260213', 'metric_sample_20260317'])
})

it('one catalog query is all it takes when nothing is missing', async () => {
  let queries = 0
  const counting = {
    ...t.db,
    query: ((...args) => (queries++, t.db.query(...args))) as typeof t.db.query,
    tx: () => Promise.reject(new Error('no')),
  }
  await make(counting).ensure()
  expect(queries).toBe(1)
})

it('replicas that make them at the same moment do not meet', async () => {
  reach('2026-03-18T12:00:00Z')
  const second = t.db.url ? await openDb(t.db.url) : undefined
  await Promise.all([make().ensure(), make(second ? { ...second, url: undefined } : t.db).ensure(), make().ensure()])
  await second?.close()
  expect((await days()).at(-1)).toBe('metric_sample_20260320')
  expect(await days()).toHaveLength(36)
})

it('days go when their last sample is too old, but not before all of them are rolled up', async () => {
  const agent = await makeAgent(t.db)
  // The oldest that is accepted, in the last moment of its day.
  await t.metrics.publish(agent, [{ ...t.sample(1, 30 * dayMs), at: '2026-02-16T12:00:01Z' }, t.sample(2)])
  const retention = { db: t.db, clock: t.clock, partitions: make(), samplesKeptMs: 31 * dayMs }
  await forget(retention)
  expect((await days())[0]).toBe('metric_sample_20260216')

  reach('2026-03-19T12:00:00Z')
  await forget(retention)
  expect((await days())[0]).toBe('metric_sample_20260216')
  await rollUp({ db: t.db, clock: t.clock })
  await forget(retention)
  expect((await days())[0]).toBe('metric_sample_20260217')

  const page = await t.metrics.series(viewer, {
    instanceId: agent.id,
    from: new Date('2026-02-16T12:00:00Z'),
    to: new Date('2026-02-16T13:00:00Z'),
    stepSeconds: 300,
  })
  expect(page.edges.map(({ node }) => [node.count, node.cpuPercent?.max])).toEqual([[1, 10]])
})

it('a clock that is years ahead deletes nothing, since the database knows better', async () => {
  const before = await days()
  const ahead = { ...t.clock, now: () => Date.now() + 3650 * dayMs }
  const parts = createPartitions({ db: t.db, clock: ahead, acceptedMs: 30 * dayMs, retentionMs: 3650 * dayMs })
  expect(await parts.dropExpired()).toBe(0)
  expect(await days()).toEqual(before)
})

it('snapshots, rollups and gaps go when their time is over', async () => {
  const agent = await makeAgent(t.db)
  const at = (agoMs: number) => new Date(Math.floor((t.clock.now() - agoMs) / 3_600_000) * 3_600_000)
  const columns = (
    await t.db.query<{ name: string }>(
      `select attname as name from pg_attribute where attrelid = 'metric_rollup'::regclass and attname like '%\\_n'`,
    )
  ).map(({ name }) => name)
  const rollup = (step: number, agoMs: number) =>
    t.db.query(
      `insert into metric_rollup (instance, step, bucket, n, ${columns.join()}) values ($1, $2, $3, 1, ${columns.map(() => 0).join()})`,
      [agent.num, step, at(agoMs)],
    )
  for (const days of [1, 32, 34, 399, 402]) for (const step of [300, 3600]) await rollup(step, days * dayMs)
  for (const days of [1, 3])
    await t.db.query(`insert into metric_snapshot values ($1, $2, $2, '{}')`, [agent.num, at(days * dayMs)])
  for (const [seq, days] of [10, 402].entries())
    await t.db.query(`insert into metric_gap values ($1, '01890a5d-ac96-774b-bcce-b302099a8057', $2, 1, $3, $3)`, [
      agent.num,
      seq + 1,
      at(days * dayMs),
    ])

  await forget({ db: t.db, clock: t.clock, partitions: make(), samplesKeptMs: 31 * dayMs })
  const left = async (table: string, column: string, where = 'true') =>
    (
      await t.db.query<{ at: Date }>(
        `select ${column} as at from ${table} where instance = $1 and ${where} order by 1 desc`,
        [agent.num],
      )
    ).map(({ at: kept }) => Math.round((t.clock.now() - kept.getTime()) / dayMs))
  expect(await left('metric_rollup', 'bucket', 'step = 300')).toEqual([1, 32])
  expect(await left('metric_rollup', 'bucket', 'step = 3600')).toEqual([1, 32, 34, 399])
  expect(await left('metric_snapshot', 'bucket')).toEqual([1])
  expect(await left('metric_gap', 'to_at')).toEqual([10])
})
