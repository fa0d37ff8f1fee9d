// How long a change of an instance takes to the frames of 5 000 who watch the fleet as a page does, each on a socket of its own; against a bare
// broadcast to as many sockets. `--agents N` for another number of them. What the console holds is asked after a collection: before one, memory is
// what V8 has not looked at yet.
import { heldMiB, inspected } from '@sindri/e2e/kit/held'
import { openWorld } from '@sindri/e2e/kit/world'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { openSimulatedAgent, type SimulatedAgent } from './kit/agent.ts'
import { documentOf } from './kit/document.ts'
import { makeKeys } from './kit/keys.ts'
import { percentile, print } from './kit/report.ts'
import { nowMs, startRole } from './kit/role.ts'
import { agentsAsked } from './kit/swarms.ts'
import { usageOf, watchMemory } from './kit/usage.ts'

const WATCHERS = agentsAsked(5_000)
/** What one of them may have open is 100. */
const KEYS = Math.ceil(WATCHERS / 90)
/** In either half, each longer than anything of a change is kept: after the second no more is held than after the first. */
const CHANGES = 50
const EVERY_MS = 1_500
const WARM = 3
/** For the last change to come to everybody, or to be missed. */
const SETTLE_MS = 10_000
const FORGET_MS = 35_000
const PROCESSES = 2

const HEARTBEAT = 'mutation Heartbeat($input: HeartbeatInput!) { heartbeat(input: $input) }'
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const world = await openWorld({ SINDRI_ENROL_RATE: '100000', NODE_OPTIONS: inspected })
const watchers = Array.from({ length: PROCESSES }, () => startRole('fanout/watchers.ts'))
const broadcast = startRole('fanout/broadcast.ts')

const watch = (url: string, keys: string[], query: string): Promise<unknown> =>
  Promise.all(
    watchers.map((role, index) => {
      const own = keys.filter((_, which) => which % PROCESSES === index)
      return role.ask('watch', { url, count: WATCHERS / PROCESSES, keys: own, query })
    }),
  )
const seen = async (): Promise<Map<string, number[]>> => {
  const all = await Promise.all(watchers.map((role) => role.ask<[string, number[]][]>('seen')))
  const whole = new Map<string, number[]>()
  for (const [id, times] of all.flat()) whole.set(id, [...(whole.get(id) ?? []), ...times])
  return whole
}
/** Of each of them, from the moment of a change until everybody had seen it. */
const latencies = (begun: ReadonlyMap<string, number>, times: ReadonlyMap<string, number[]>): number[] =>
  [...begun].flatMap(([mark, ms]) => {
    const all = times.get(mark) ?? []
    if (all.length !== WATCHERS) throw new Error(`expected ${WATCHERS} to see a change, got ${all.length}`)
    return all.map((each) => each - ms)
  })

try {
  const secret = readFileSync(path.join(world.folder, 'console', 'enrol-secret'), 'utf8').trim()
  const agents: SimulatedAgent[] = []
  for (let i = 0; i < 2 * CHANGES + WARM; i++) agents.push(await openSimulatedAgent(world.url, secret, `fanout-${i}`))
  // What changed shortly before somebody began to watch comes as well, and would be counted as load.
  await pause(FORGET_MS)
  const { pid } = world.console()
  const keys = await makeKeys(await world.api(), KEYS)
  await watch(`${world.url.replace('http', 'ws')}/graphql`, keys, documentOf('InstancesChanged'))

  let marks = 0
  const change = async (some: readonly SimulatedAgent[]): Promise<Map<string, number>> => {
    const begun = new Map<string, number>()
    for (const agent of some) {
      const region = `changed-${++marks}`
      begun.set(region, nowMs())
      const facts = { region, tags: [{ key: 'team', value: 'fanout' }] }
      await agent.ask(HEARTBEAT, { input: { intervalMs: 10_000, uptimeSeconds: 1, facts } })
      await pause(EVERY_MS)
    }
    return begun
  }
  await pause(SETTLE_MS)
  await change(agents.slice(0, WARM))
  await seen()
  const before = usageOf(pid)
  const most = watchMemory(pid)
  const begun = await change(agents.slice(WARM, WARM + CHANGES))
  const first = await heldMiB(world.console())
  for (const [mark, ms] of await change(agents.slice(WARM + CHANGES))) begun.set(mark, ms)
  const second = await heldMiB(world.console())
  await pause(SETTLE_MS)
  const took = latencies(begun, await seen())
  const grownMiB = most().rssMiB - before.rssMiB
  await Promise.all(watchers.map((role) => role.ask('leave')))

  const frame = JSON.stringify({
    id: '1',
    type: 'next',
    payload: { data: { instanceChanged: { id: '', more: 'x'.repeat(500) } } },
  })
  await watch(await broadcast.ask<string>('url'), [], '')
  const told = new Map<string, number>()
  for (let i = 0; i < CHANGES / 3; i++) {
    const mark = `changed-${++marks}`
    told.set(mark, await broadcast.ask<number>('tell', frame.replace('"id":""', `"id":"${mark}"`)))
    await pause(EVERY_MS / 4)
  }
  await pause(EVERY_MS)
  const bare = latencies(told, await seen())
  const [p50, p99] = [percentile(took, 0.5), percentile(took, 0.99)]
  const [bare50, bare99] = [percentile(bare, 0.5), percentile(bare, 0.99)]
  print({
    bench: `fanout, ${WATCHERS} who watch`,
    figures: {
      'change → frame, p50 ms': p50,
      'change → frame, p99 ms': p99,
      'held after the first half, MiB': first,
      'held after the second half, MiB': second,
      'memory beyond before, MiB': grownMiB,
    },
    baselines: { 'bare broadcast, p50 ms': bare50, 'bare broadcast, p99 ms': bare99 },
    ratios: { 'change / broadcast, p50': p50 / bare50, 'change / broadcast, p99': p99 / bare99 },
    goals: [
      { name: 'change → frame, p99 ms', figure: p99, goal: 1_000, kind: 'max' },
      { name: 'held after the second half beyond the first, MiB', figure: second - first, goal: 10, kind: 'max' },
    ],
  })
  await Promise.all(agents.map((agent) => agent.close()))
} finally {
  await Promise.all([...watchers, broadcast].map((role) => role.end()))
  await world.end()
}
