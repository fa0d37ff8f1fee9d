// Nothing is lost: processes are killed, a spool is deleted, the database reopened; what was acknowledged is there, once.
import { existsSync, readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from './kit/processes.ts'
import { attachShell, openTerminal } from './kit/terminal.ts'
import { openWorld, type World } from './kit/world.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.end())

interface Point {
  at: string
  count: number
}

const minutes = 60_000

/** Every sample of the last quarter of an hour, counted at a width at which each has a point of its own. */
async function samples(id: string): Promise<Point[]> {
  const api = await world.api()
  const { metrics } = await api.ask(
    'query ($id: ID!, $from: DateTime!, $to: DateTime!) { metrics(instanceId: $id, from: $from, to: $to, stepSeconds: 1) { edges { node { at count } } } }',
    { id, from: new Date(Date.now() - 15 * minutes).toISOString(), to: new Date(Date.now() + minutes).toISOString() },
  )
  return metrics.edges.map(({ node }: { node: Point }) => node)
}
const count = async (id: string): Promise<number> => (await samples(id)).reduce((sum, point) => sum + point.count, 0)

const everySecond = { SINDRI_AGENT_METRICS: '1', SINDRI_AGENT_HEARTBEAT: '1' }

describe('nothing is lost', () => {
  it('when the console is killed: what it acknowledged is there, and what came meanwhile arrives later', async () => {
    world.startAgent('survivor', everySecond)
    const { id } = await world.running('survivor')
    await until('some samples', async () => (await count(id)) >= 3)
    const before = await samples(id)
    const killedMs = Date.now()
    await world.killConsole('SIGKILL')
    // Long enough that samples are taken with nobody to take them.
    await new Promise((resolve) => setTimeout(resolve, 4000))
    const backMs = Date.now()
    await world.startConsole()
    await until('all that was stored before', async () => {
      const now = await samples(id)
      return before.every((point) => now.some(({ at, count: n }) => at === point.at && n >= point.count))
    })
    await until(
      'the samples of the outage',
      async () => {
        const during = (await samples(id)).filter(({ at }) => Date.parse(at) > killedMs && Date.parse(at) < backMs)
        return during.length >= 2
      },
      30_000,
    )
    // Taken once a second: two may share one, a repeat would make more of it.
    expect((await samples(id)).every((point) => point.count <= 2)).toBe(true)
  })

  it('when the agent is killed: its spool is sent by the next run, and its terminals are said to have ended', async () => {
    const first = world.startAgent('phoenix', everySecond)
    const { id } = await world.running('phoenix')
    const api = await world.api()
    const shell = attachShell(api, await openTerminal(api, id))
    shell.type('echo alive\r')
    await shell.sees('alive\r\n')
    // Alive and mute: samples are sent and not answered, so they stay in the spool.
    world.console().child.kill('SIGSTOP')
    await new Promise((resolve) => setTimeout(resolve, 3000))
    await first.end('SIGKILL')
    world.console().child.kill('SIGCONT')
    const stored = await count(id)
    world.startAgent('phoenix', everySecond)
    await world.running('phoenix')
    await until('the samples of the killed run', async () => (await count(id)) >= stored + 2)
    await until('the end of the terminal', async () => {
      const { terminal } = await api.ask('query ($id: ID!) { terminal(id: $id) { state reason } }', { id: shell.id })
      return terminal.state === 'CLOSED' && terminal.reason === 'AGENT_RESTARTED'
    })
    await until('the word of it at the page', () => shell.closed()?.reason === 'AGENT_RESTARTED')
  })

  it('when the spool is deleted under a running agent: nothing new is taken for a repeat', async () => {
    world.startAgent('amnesiac', everySecond)
    const { id } = await world.running('amnesiac')
    await until('some samples', async () => (await count(id)) >= 3)
    const spool = path.join(world.agentState('amnesiac'), 'spool')
    expect(readdirSync(spool).length).toBeGreaterThan(0)
    rmSync(spool, { recursive: true })
    const before = await count(id)
    await until('samples after the loss', async () => (await count(id)) >= before + 3)
    await until('a spool again', () => existsSync(spool))
  })

  it('when an agent begins with an empty state: it is the same machine only with its key, else operators are asked', async () => {
    const first = world.startAgent('twin')
    const { id } = await world.running('twin')
    await first.end()
    rmSync(world.agentState('twin'), { recursive: true })
    const second = world.startAgent('twin')
    const api = await world.api()
    const takeover = await until('the question', async () => {
      const { takeovers } = await api.ask('query ($id: ID!) { takeovers(instanceId: $id) { id hostname address } }', {
        id,
      })
      return takeovers[0]
    })
    await until('the agent to say so', () => second.output().includes('INSTANCE_EXISTS'))
    await api.ask('mutation ($id: ID!) { answerTakeover(id: $id, allow: true) }', { id: takeover.id })
    await until(
      'the new machine to be in',
      async () => {
        const { instance } = await api.ask('query ($id: ID!) { instance(id: $id) { liveness } }', { id })
        return instance.liveness === 'ONLINE'
      },
      90_000,
    )
  })

  it('when the console is asked to stop: it ends within five seconds, and an agent comes back to the next one', async () => {
    world.startAgent('patient', everySecond)
    const { id } = await world.running('patient')
    const began = performance.now()
    expect(await world.console().end('SIGTERM')).toBe(0)
    expect(performance.now() - began).toBeLessThan(5000)
    await world.startConsole()
    const api = await world.api()
    const before = await count(id)
    await until('samples again', async () => (await count(id)) > before, 30_000)
    expect((await api.ask('query ($id: ID!) { instance(id: $id) { status } }', { id })).instance.status).toBe('RUNNING')
  })
})
