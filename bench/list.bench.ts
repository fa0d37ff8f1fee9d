// How long the list of instances and the fleet take to answer with 10 000 instances; against a bare answer of the same server and the bare SQL of a page.
// One agent enrols and publishes by the protocol; the other rows are copies of its own, each with a name, place, tags and load of its own.
import { openWorld } from '@sindri/e2e/kit/world'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { openSimulatedAgent } from './kit/agent.ts'
import { onDatabase, timesOf } from './kit/database.ts'
import { documentOf } from './kit/document.ts'
import { fillFleet } from './kit/fleet.ts'
import { makeKeys } from './kit/keys.ts'
import { type Goal, percentile, print } from './kit/report.ts'
import { startRole } from './kit/role.ts'
import { sampleOf } from './kit/sample.ts'

const INSTANCES = 10_000
const PAGE = 50
const TIMES = 150
const PUBLISH = 'mutation ($records: [MetricSampleInput]!) { publishSamples(records: $records) { outcomes } }'

const world = await openWorld()
const load = startRole('kit/asker.ts')
try {
  const { databaseUrl } = world.backend
  const secret = readFileSync(path.join(world.folder, 'console', 'enrol-secret'), 'utf8').trim()
  const agent = await openSimulatedAgent(world.url, secret, 'workspace-first')
  await agent.ask(PUBLISH, { records: [sampleOf(agent.run, 1, Date.now())] })
  await agent.close()
  await onDatabase(databaseUrl, (client) => fillFleet(client, INSTANCES))

  const keys = await makeKeys(await world.api(), 5)
  const ask = (query: string, variables: object, times = TIMES) =>
    load.ask<number[]>('times', { url: world.url, keys, query, variables, times })
  const list = documentOf('Instances')
  const sort = { field: 'NAME', descending: false }
  const deep = await load.ask<string>('cursor', { url: world.url, keys, query: list, variables: { sort }, pages: 45 })
  const lists: Record<string, object> = {
    'first page': { first: PAGE, sort },
    search: { first: PAGE, sort, search: 'team-7 workspace-01' },
    'sorted by CPU': { first: PAGE, sort: { field: 'CPU', descending: true } },
    'deep page': { first: PAGE, sort, after: deep },
    filtered: {
      first: PAGE,
      sort,
      filter: { status: ['RUNNING'], provider: ['fly'], tags: [{ key: 'env', value: 'dev' }] },
    },
  }
  const figures: Record<string, number> = {}
  const goals: Goal[] = []
  const note = (values: Record<string, number>, name: string, took: readonly number[]): number => {
    values[`${name}, p50 ms`] = percentile(took, 0.5)
    return (values[`${name}, p95 ms`] = percentile(took, 0.95))
  }
  for (const [name, variables] of Object.entries(lists)) {
    const p95 = note(figures, name, await ask(list, variables))
    goals.push({ name: `${name} of ${INSTANCES} instances, p95 ms`, figure: p95, goal: 100, kind: 'max' })
  }
  for (const [name, operation] of Object.entries({
    'choices of the filter': 'InstanceFacets',
    'load of the fleet': 'FleetLoad',
    'concerns of the fleet': 'FleetConcerns',
  }))
    note(figures, name, await ask(documentOf(operation), {}, 60))

  const baselines: Record<string, number> = {}
  const hello = await ask('{ __typename }', {})
  const bare = await onDatabase(databaseUrl, (client) =>
    timesOf(TIMES, () =>
      client.query(
        `select i.*, l.at, l.detail, (select count(*) from instances where deleted_at is null) from instances i join metric_latest l on l.instance = i.num
       where i.deleted_at is null order by lower(i.name) collate "C", i.name collate "C" limit ${PAGE}`,
      ),
    ),
  )
  note(baselines, 'HTTP hello of the same console', hello)
  note(baselines, 'bare SQL of the first page', bare)
  print({
    bench: `list, ${INSTANCES} instances on PostgreSQL`,
    figures,
    baselines,
    ratios: {
      'first page p50 / (HTTP hello + bare SQL)':
        (figures['first page, p50 ms'] ?? 0) / (percentile(hello, 0.5) + percentile(bare, 0.5)),
    },
    goals,
  })
} finally {
  await load.end()
  await world.end()
}
