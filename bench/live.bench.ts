// How long a sample takes from its commit, where the console hands it to the bus, to the frames of those who look; against a bare relay.
// 200 agents publish a sample a second each; every viewer subscribes to all of them, with the document of the page's list. Console, agents,
// viewers and relay are processes of their own, on one clock.
import { openWorld } from '@sindri/e2e/kit/world'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { documentOf } from './kit/document.ts'
import { makeKeys } from './kit/keys.ts'
import { type Goal, percentile, print } from './kit/report.ts'
import { startRole } from './kit/role.ts'
import type { Moment } from './live/moment.ts'

const AGENTS = 200
const VIEWERS = [1, 20]
const WARM_S = 4
const SECONDS = 15

const folder = mkdtempSync(path.join(tmpdir(), 'sindri-live-'))
const stampsFile = path.join(folder, 'stamps')
writeFileSync(stampsFile, '')
const world = await openWorld({
  SINDRI_ENROL_RATE: '100000',
  NODE_OPTIONS: `--import=${pathToFileURL(path.join(import.meta.dirname, 'live/stamps.ts')).href}`,
  BENCH_STAMPS: stampsFile,
})
const agents = startRole('live/agents.ts')
const viewers = startRole('live/viewers.ts')
const relay = startRole('live/relay.ts')

/** From the first moment to the frame of each viewer, of all that was sent. */
function latencies(from: readonly Moment[], sent: readonly Moment[], seen: readonly Moment[], count: number): number[] {
  const wanted = new Set(sent.map(({ key }) => key))
  const begun = new Map(from.filter(({ key }) => wanted.has(key)).map(({ key, ms }) => [key, ms]))
  const took = seen.filter(({ key }) => wanted.has(key)).map(({ key, ms }) => ms - (begun.get(key) ?? Number.NaN))
  if (took.length !== sent.length * count || took.some(Number.isNaN))
    throw new Error(`expected ${sent.length} samples at each of ${count} viewers, got ${took.length} in all`)
  return took
}

const stamps = (wanted: string): Moment[] =>
  readFileSync(stampsFile, 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([topic]) => topic === wanted)
    .map(([, key = '', ms]) => ({ key, ms: Number(ms) }))

/** Processor time of the console for each sample of a time in which it did little else. */
function costOf(sent: readonly Moment[]): number {
  const [fromMs = 0, toMs = 0] = [sent[0]?.ms, sent.at(-1)?.ms]
  const within = stamps('cpu').filter(({ ms }) => ms >= fromMs && ms <= toMs)
  const [first, last] = [within[0], within.at(-1)]
  if (!first || !last) return Number.NaN
  return (Number(last.key) - Number(first.key)) / (((last.ms - first.ms) * AGENTS) / 1000)
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 500))
const look = () => viewers.ask<{ all: Moment[]; frame: string }>('seen')

try {
  const secret = readFileSync(path.join(world.folder, 'console', 'enrol-secret'), 'utf8').trim()
  const ids = await agents.ask<string[]>('enrol', { url: world.url, secret, count: AGENTS })
  const keys = await makeKeys(await world.api(), Math.max(...VIEWERS))
  const query = documentOf('RowsSampled')
  const figures: Record<string, number> = {}
  const baselines: Record<string, number> = {}
  const ratios: Record<string, number> = {}
  const goals: Goal[] = []
  const relayUrl = await relay.ask<string>('url')
  const note = (values: Record<string, number>, name: string, took: readonly number[]): number[] =>
    [0.5, 0.99].map((share) => (values[`${name}, p${share * 100} ms`] = percentile(took, share)))

  for (const count of VIEWERS) {
    const who = count === 1 ? '1 viewer' : `${count} viewers`
    await viewers.ask('watch', {
      url: `${world.url.replace('http', 'ws')}/graphql`,
      keys: keys.slice(0, count),
      query,
      variables: { ids },
    })
    await agents.ask('publish', { seconds: WARM_S })
    await settled()
    await look()
    const sent = await agents.ask<Moment[]>('publish', { seconds: SECONDS })
    await settled()
    const { all, frame } = await look()
    const [p50 = 0, p99 = 0] = note(
      figures,
      `commit → frame, ${who}`,
      latencies(stamps('metric.sampled'), sent, all, count),
    )
    note(figures, `agent → commit → frame, ${who}`, latencies(sent, sent, all, count))
    figures[`processor of the console for a sample, ${who}, ms`] = costOf(sent)
    await viewers.ask('leave')

    await viewers.ask('watch', { url: relayUrl, keys: Array.from({ length: count }, () => null) })
    await agents.ask('relay', { url: relayUrl, seconds: WARM_S, frame })
    await settled()
    await look()
    await relay.ask('passed')
    const relayed = await agents.ask<Moment[]>('relay', { url: relayUrl, seconds: SECONDS, frame })
    await settled()
    const { all: frames } = await look()
    const passed = await relay.ask<Moment[]>('passed')
    const [bare50 = 0] = note(baselines, `relay → frame, ${who}`, latencies(passed, relayed, frames, count))
    note(baselines, `sender → relay → frame, ${who}`, latencies(relayed, relayed, frames, count))
    await viewers.ask('leave')
    ratios[`commit → frame / relay → frame, ${who}, p50`] = p50 / bare50
    goals.push(
      { name: `commit → frame, ${who}, p50 ms`, figure: p50, goal: 0.6, kind: 'max' },
      { name: `commit → frame, ${who}, p99 ms`, figure: p99, goal: 5, kind: 'max' },
    )
  }
  print({
    bench: `live, ${AGENTS} samples/s on ${world.backend.databaseUrl ? 'PostgreSQL' : 'PGlite'}`,
    figures,
    baselines,
    ratios,
    goals,
  })
  await agents.ask('close')
} finally {
  await Promise.all([agents.end(), viewers.end(), relay.end()])
  await world.end()
  rmSync(folder, { recursive: true, force: true })
}
