import type { Metrics } from '@sindri/schema'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openDb, type Db } from '../platform/db.ts'
import { silentLog } from '../platform/log.ts'
import { makeAgent, openMetrics, type TestMetrics } from '../testing/metrics.ts'
import { createMetrics } from './metrics.ts'
import { rollUp } from './rollups.ts'

let t: TestMetrics
let db: Db
let second: Metrics
beforeAll(async () => {
  t = await openMetrics()
  // The embedded database has one process: its second replica is another service on the same connection.
  db = t.db.url ? await openDb(t.db.url) : t.db
  const idle = { log: silentLog, jobs: { start: () => () => Promise.resolve() }, order: () => {}, count: () => {} }
  second = createMetrics({ ...t, ...idle, db, retentionDays: 30 })
})
afterAll(async () => {
  if (t.db.url) await db.close()
  await t.close()
})

it('replicas that store the same samples while both roll up store each once, fail nobody, and end with true rollups', async () => {
  const agents = await Promise.all(Array.from({ length: 12 }, () => makeAgent(t.db)))
  let stored = 0
  const report = async (replica: Metrics, agent: (typeof agents)[number], step: number) => {
    for (let call = 0; call < 10; call++) {
      const records = Array.from({ length: 30 }, (_, i) => 1 + ((call * 20 + i * step) % 200)).map((seq) =>
        t.sample(seq, seq * 7_000),
      )
      const { outcomes } = await replica.publish(agent, records)
      stored += outcomes.filter((outcome) => outcome === 'STORED').length
    }
  }
  const roll = async () => {
    for (let i = 0; i < 5; i++)
      await Promise.all([rollUp({ db: t.db, clock: t.clock }), rollUp({ db, clock: t.clock })])
  }
  await Promise.all([...agents.flatMap((agent) => [report(t.metrics, agent, 1), report(second, agent, 7)]), roll()])
  await rollUp({ db, clock: t.clock })

  const [rows] = await t.db.query<{ n: number }>('select count(*) as n from metric_sample')
  expect(stored).toBe(rows?.n)
  for (const [step, width] of [
    [300, '5 minutes'],
    [3600, '1 hour'],
  ]) {
    const wrong = await t.db.query(
      `with raw as (select instance, date_bin($2, at, 'epoch') as bucket, count(*) as n from metric_sample group by 1, 2),
         rollup as (select instance, bucket, n from metric_rollup where step = $1),
         dirty as (select instance, date_bin($2, bucket, 'epoch') as bucket from metric_dirty)
       select * from raw full join rollup using (instance, bucket)
       where raw.n is distinct from rollup.n and (instance, bucket) not in (select instance, bucket from dirty)`,
      [step, width],
    )
    expect(wrong).toEqual([])
  }
})
