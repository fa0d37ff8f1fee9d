// How long a key takes from the page to the shell and its echo back: on a console that does nothing else, beside samples, beside floods of
// output on another machine, and across two replicas; against a bare PTY and a bare relay of two WebSocket hops. All of them are warm: 5 000 keys
// went before the first that is counted, in the bare ways too.
import { until } from '@sindri/e2e/kit/processes'
import { openSet } from '@sindri/e2e/kit/set'
import { openWorld } from '@sindri/e2e/kit/world'
import { once } from 'node:events'
import path from 'node:path'
import WebSocket from 'ws'
import { type Goal, percentile, print } from './kit/report.ts'
import { startRole } from './kit/role.ts'
import { echoBare } from './terminal/bare.ts'
import { ECHO, measureEcho, WARM_AT_FIRST } from './terminal/echo.ts'
import { writeScript } from './terminal/script.ts'

const SAMPLES = 1_000
const FLOODS = 20
const SECONDS_BESIDE = 25

const figures: Record<string, number> = {}
const goals: Goal[] = []
const note = (values: Record<string, number>, name: string, took: readonly number[]): [number, number] => {
  const [p50, p99] = [percentile(took, 0.5), percentile(took, 0.99)]
  values[`${name}, p50 ms`] = p50
  values[`${name}, p99 ms`] = p99
  return [p50, p99]
}

async function onOneConsole(): Promise<number> {
  const world = await openWorld({ SINDRI_ENROL_RATE: '100000' })
  const [page, floods, load] = [
    startRole('terminal/viewer.ts'),
    startRole('terminal/viewer.ts'),
    startRole('ingest/agents.ts'),
  ]
  try {
    for (const name of ['keys', 'floods']) world.startAgent(name)
    const keys = await world.running('keys')
    const flooded = await world.running('floods')
    const credential = { url: world.url, cookie: (await world.api()).cookie() }
    for (const role of [page, floods]) await role.ask('signIn', credential)
    const script = writeScript(world.folder, 'echo', ECHO)
    const echoes = (warm?: number): Promise<number[]> => page.ask('echo', { instanceId: keys.id, script, warm })

    const [p50, p99] = note(figures, 'echo', await echoes(WARM_AT_FIRST))
    goals.push({ name: 'echo, p99 ms', figure: p99, goal: 3, kind: 'max' })

    const secretFile = path.join(world.folder, 'console', 'enrol-secret')
    await load.ask('enrol', { url: world.url, secretFile, count: 100, name: 'beside' })
    const samples = load.ask<{ stored: number; ms: number }>('publish', {
      perMutation: 1,
      seconds: SECONDS_BESIDE,
      perSecond: SAMPLES,
    })
    const beside = note(figures, `echo beside ${SAMPLES} samples/s`, await echoes())
    const { stored, ms } = await samples
    figures['samples stored beside it, 1/s'] = stored / (ms / 1000)
    goals.push({ name: `echo beside ${SAMPLES} samples/s, p99 ms`, figure: beside[1], goal: 5, kind: 'max' })

    await floods.ask('flood', {
      instanceId: flooded.id,
      script: writeScript(world.folder, 'flood', 'exec yes "a line of output that never ends"'),
      count: FLOODS,
    })
    const among = note(figures, `echo beside ${FLOODS} floods`, await echoes())
    goals.push({ name: `echo beside ${FLOODS} floods, p99 ms`, figure: among[1], goal: 15, kind: 'max' })
    await floods.ask('end')
    for (const role of [page, floods]) await role.ask('close')
    return p50
  } finally {
    await Promise.all([page.end(), floods.end(), load.end()])
    await world.end()
  }
}

/** A page of either replica; the link of the agent is at one of them, so the slower page is the one that goes over the bus. */
async function acrossReplicas(): Promise<void> {
  const set = await openSet(2)
  const page = startRole('terminal/viewer.ts')
  try {
    set.startAgent('keys')
    const script = writeScript(set.folder, 'echo', ECHO)
    const took: number[][] = []
    for (const url of set.urls) {
      const api = await set.signIn(url)
      const instanceId = await until('the agent to be in', async () => {
        const { instances } = await api.ask('{ instances { edges { node { id status } } } }')
        return instances.edges.find((edge: any) => edge.node.status === 'RUNNING')?.node.id as string | undefined
      })
      await page.ask('signIn', { url, cookie: api.cookie() })
      took.push(await page.ask('echo', { instanceId, script, warm: WARM_AT_FIRST }))
      await page.ask('close')
    }
    const slower = took.toSorted((a, b) => percentile(b, 0.5) - percentile(a, 0.5))[0] ?? []
    const [p50] = note(figures, 'echo across two replicas', slower)
    goals.push({ name: 'echo across two replicas, p50 ms', figure: p50, goal: 1.5, kind: 'max' })
  } finally {
    await page.end()
    await set.end()
  }
}

/** Page, relay and far end are processes of their own, as page, console and agent are. */
async function echoRelay(): Promise<number[]> {
  const [relay, far] = [startRole('terminal/relay.ts'), startRole('terminal/relay.ts')]
  try {
    const url = await relay.ask<string>('relay')
    await far.ask('answer', url)
    const page = new WebSocket(url, { perMessageDeflate: false })
    await once(page, 'open')
    const took = await measureEcho(
      (key) => page.send(key),
      (heard) => page.on('message', heard),
      WARM_AT_FIRST,
    )
    page.terminate()
    return took
  } finally {
    await Promise.all([relay.end(), far.end()])
  }
}

const p50 = await onOneConsole()
if (process.env['SINDRI_TEST_BACKEND'] === 'services') await acrossReplicas()
const baselines: Record<string, number> = {}
const [pty50] = note(baselines, 'bare PTY', await echoBare())
const [relay50] = note(baselines, 'bare relay of two hops', await echoRelay())
const over = p50 - pty50 - relay50
goals.unshift({ name: 'echo over PTY + relay, p50 ms', figure: over, goal: 0.2, kind: 'max' })
print({
  bench: 'keystroke',
  figures,
  baselines,
  ratios: { 'echo / (PTY + relay), p50': p50 / (pty50 + relay50), 'echo − (PTY + relay), p50 ms': over },
  goals,
})
