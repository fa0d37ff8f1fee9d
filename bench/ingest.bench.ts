// How many samples a console takes and commits, one and ten to a mutation, from 100 agents; against a bare multi-row insert of the same rows.
import { openWorld } from '@sindri/e2e/kit/world'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import { openSimulatedAgent, type SimulatedAgent } from './kit/agent.ts'
import { elapsedMs, percentile, print } from './kit/report.ts'
import { sampleOf } from './kit/sample.ts'

const AGENTS = 100
const PUBLISH =
  'mutation PublishSamples($records: [MetricSampleInput]!) { publishSamples(records: $records) { outcomes refusals { index code field expected got } } }'

// The table of the product, less its partitions, filled by one statement a batch.
const COLUMNS = [
  'at timestamptz',
  'seq int4',
  'run uuid',
  'instance int4',
  'cpu real',
  'steal real',
  'load1 real',
  'mem_total int8',
  'mem_used int8',
  'mem_cached int8',
  'mem_available int8',
  'swap_used int8',
  'disk_total int8',
  'disk_used int8',
  'disk_read real',
  'disk_write real',
  'net_rx real',
  'net_tx real',
]

async function bareInsert(databaseUrl: string, rows: number, batch: number): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  await client.query(`create table bare_sample (${COLUMNS.join(', ')}, primary key (instance, run, seq, at))`)
  const types = COLUMNS.map((column) => column.split(' ')[1])
  const insert = `insert into bare_sample select * from unnest(${types.map((type, i) => `$${i + 1}::${type}[]`).join(', ')}) on conflict do nothing`
  const run = '01890a5d-ac96-774b-bcce-b302099a8057'
  const began = performance.now()
  for (let done = 0; done < rows; done += batch) {
    const at = new Date()
    const columns = COLUMNS.map((column) =>
      Array.from({ length: batch }, (_, i) => {
        if (column.startsWith('at ')) return at
        if (column.startsWith('seq ')) return done + i
        if (column.startsWith('run ')) return run
        return column.endsWith('int8') ? 34_359_738_368 : 12
      }),
    )
    await client.query(insert, columns)
  }
  const perSecond = rows / (elapsedMs(began) / 1000)
  await client.query('drop table bare_sample')
  await client.end()
  return perSecond
}

/** Each agent keeps up to four mutations unanswered, as the protocol allows. */
async function ingest(agents: SimulatedAgent[], perMutation: number, seconds: number) {
  const latencies: number[] = []
  let stored = 0
  let refused = 0
  const until = performance.now() + seconds * 1000
  const began = performance.now()
  await Promise.all(
    agents.flatMap((agent, index) => {
      let seq = perMutation * 10_000_000
      return Array.from({ length: 4 }, async () => {
        while (performance.now() < until) {
          const records = Array.from({ length: perMutation }, () => sampleOf(agent.run, ++seq, Date.now() - index))
          // One repeat in a hundred, as after an answer that was lost.
          if (seq % 100 < perMutation)
            records[0] = { ...records[0], seq: Math.max(perMutation * 10_000_000 + 1, seq - 50) } as never
          const asked = performance.now()
          const { publishSamples } = await agent.ask<{ publishSamples: { outcomes: string[] } }>(PUBLISH, { records })
          latencies.push(elapsedMs(asked))
          for (const outcome of publishSamples.outcomes) {
            if (outcome === 'REFUSED') refused++
            else stored++
          }
        }
      })
    }),
  )
  if (refused > 0) throw new Error(`expected every record to be taken, got ${refused} refusals`)
  return {
    perSecond: stored / (elapsedMs(began) / 1000),
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
  }
}

const world = await openWorld({ SINDRI_ENROL_RATE: '100000' })
try {
  const secret = readFileSync(path.join(world.folder, 'console', 'enrol-secret'), 'utf8').trim()
  const agents: SimulatedAgent[] = []
  for (let i = 0; i < AGENTS; i++) agents.push(await openSimulatedAgent(world.url, secret, `bench-${i}`))
  await ingest(agents, 1, 2)
  const one = await ingest(agents, 1, 8)
  const ten = await ingest(agents, 10, 8)
  const { databaseUrl } = world.backend
  const baselines: Record<string, number> = databaseUrl
    ? {
        'multi-row insert, 100 rows a statement, rows/s': await bareInsert(databaseUrl, 50_000, 100),
        'multi-row insert, 1000 rows a statement, rows/s': await bareInsert(databaseUrl, 200_000, 1000),
      }
    : {}
  const bare = Object.values(baselines)[1]
  print({
    bench: `ingest on ${databaseUrl ? 'PostgreSQL' : 'PGlite'}`,
    figures: {
      'one to a mutation, samples/s': one.perSecond,
      'one to a mutation, p50 ms': one.p50,
      'one to a mutation, p99 ms': one.p99,
      'ten to a mutation, samples/s': ten.perSecond,
      'ten to a mutation, p50 ms': ten.p50,
      'ten to a mutation, p99 ms': ten.p99,
    },
    baselines,
    ratios: bare ? { 'one / bare': one.perSecond / bare, 'ten / bare': ten.perSecond / bare } : {},
    goals: [],
  })
  await Promise.all(agents.map((agent) => agent.close()))
} finally {
  await world.end()
}
