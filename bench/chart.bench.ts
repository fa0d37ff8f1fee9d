// How long the series of a chart takes; against the bare SQL that reads the same rows.
// An agent publishes 30 days of samples by the protocol, one a minute, and the console's own job rolls them up before anything is measured.
import { until } from '@sindri/e2e/kit/processes'
import { openWorld } from '@sindri/e2e/kit/world'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { openSimulatedAgent, type SimulatedAgent } from './kit/agent.ts'
import { onDatabase, timesOf } from './kit/database.ts'
import { documentOf } from './kit/document.ts'
import { makeKeys } from './kit/keys.ts'
import { percentile, print } from './kit/report.ts'
import { startRole } from './kit/role.ts'
import { sampleOf } from './kit/sample.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const DAYS = 30
/** Within the 256 KiB of a batch. */
const BATCH = 70
const TIMES = 150
const PUBLISH = 'mutation ($records: [MetricSampleInput]!) { publishSamples(records: $records) { outcomes } }'

/** All that the console takes: the oldest is a few minutes younger than the limit. */
async function publishAll(agent: SimulatedAgent, nowMs: number): Promise<number> {
  const total = (DAYS * DAY_MS) / MINUTE_MS - 10
  for (let seq = 0; seq < total;) {
    const records = Array.from({ length: Math.min(BATCH, total - seq) }, (_, i) =>
      sampleOf(agent.run, seq + i + 1, nowMs - (total - seq - i) * MINUTE_MS),
    )
    try {
      const { publishSamples } = await agent.ask<{ publishSamples: { outcomes: string[] } }>(PUBLISH, { records })
      if (publishSamples.outcomes.some((outcome) => outcome !== 'STORED'))
        throw new Error(`expected STORED, got ${publishSamples.outcomes.join(' ')}`)
      seq += records.length
    } catch (error) {
      // The budget of an agent is waited for as an agent does it.
      const retryAfterMs = /"retryAfterMs":(\d+)/.exec(String(error))?.[1]
      if (!retryAfterMs) throw error
      await new Promise((resolve) => setTimeout(resolve, Number(retryAfterMs)))
    }
  }
  return total
}

const world = await openWorld()
const load = startRole('kit/asker.ts')
try {
  const { databaseUrl } = world.backend
  const secret = readFileSync(path.join(world.folder, 'console', 'enrol-secret'), 'utf8').trim()
  const agent = await openSimulatedAgent(world.url, secret, 'charted')
  const nowMs = Date.now()
  const samples = await publishAll(agent, nowMs)
  await agent.close()
  await onDatabase(databaseUrl, async (client) => {
    const left = `select 1 from metric_dirty where bucket < now() - interval '10 min' limit 1`
    await until('every closed bucket to be rolled up', async () => (await client.query(left)).rowCount === 0, 180_000)
    await client.query('vacuum analyze')
  })

  const keys = await makeKeys(await world.api(), 2)
  const series = (rangeMs: number): Promise<number[]> =>
    load.ask('times', {
      url: world.url,
      keys,
      query: documentOf('Series'),
      variables: {
        instanceId: agent.instance,
        from: new Date(nowMs - rangeMs).toISOString(),
        to: new Date(nowMs).toISOString(),
      },
      times: TIMES,
    })
  const figures: Record<string, number> = { 'samples published': samples }
  const ranges = { '30 days': DAYS * DAY_MS, '7 days': 7 * DAY_MS, '1 day': DAY_MS, '1 hour': DAY_MS / 24 }
  for (const [name, rangeMs] of Object.entries(ranges)) {
    const took = await series(rangeMs)
    figures[`${name}, p50 ms`] = percentile(took, 0.5)
    figures[`${name}, p95 ms`] = percentile(took, 0.95)
  }

  let rows = 0
  const bare = await onDatabase(databaseUrl, (client) =>
    timesOf(TIMES, async () => {
      const answer = await client.query(
        `select r.* from metric_rollup r join instances i on i.num = r.instance where i.id = $1 and r.step = 3600 and r.bucket >= $2 order by r.bucket`,
        [agent.instance, new Date(nowMs - DAYS * DAY_MS)],
      )
      rows = answer.rowCount ?? 0
    }),
  )
  const p95 = figures['30 days, p95 ms'] ?? Number.NaN
  print({
    bench: 'chart on PostgreSQL',
    figures,
    baselines: {
      'rows of 30 days, by the hour': rows,
      'bare SQL of these rows, p50 ms': percentile(bare, 0.5),
      'bare SQL of these rows, p95 ms': percentile(bare, 0.95),
    },
    ratios: { '30 days p50 / bare SQL': (figures['30 days, p50 ms'] ?? 0) / percentile(bare, 0.5) },
    goals: [{ name: '30 days, p95 ms', figure: p95, goal: 150, kind: 'max' }],
  })
} finally {
  await load.end()
  await world.end()
}
