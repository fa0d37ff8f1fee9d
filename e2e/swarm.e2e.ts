// The swarm beside a real console: many agents in one process, of which the console cannot tell that they are simulated, but is told.
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Proc, root, run, until } from './kit/processes.ts'
import { openTerminal } from './kit/terminal.ts'
import { openWorld, type World } from './kit/world.ts'

const AGENTS = 20
let world: World
let swarm: Proc
beforeAll(async () => {
  world = await openWorld()
})
afterAll(async () => {
  await world.end()
})

const usual = (): Proc => world.startSwarm(AGENTS, '--metrics', '1', '--keep', path.join(world.folder, 'swarm'))

const FLEET = `{ instances(first: 200, search: "simulated=swarm") { totalCount edges { node {
  id name status provider region tags { key value } latest { at cpu { usagePercent } }
} } } }`
const fleet = async (): Promise<any[]> =>
  (await (await world.api()).ask(FLEET)).instances.edges.map((edge: any) => edge.node)
const allRunning = (): Promise<any[]> =>
  until(
    'all of the swarm to be RUNNING with samples',
    async () => {
      const nodes = await fleet()
      const up = nodes.filter(({ status, latest }) => status === 'RUNNING' && latest?.cpu?.usagePercent > 0)
      return up.length === AGENTS && nodes.length === AGENTS && nodes
    },
    60_000,
  )

it('enrols as many instances as it was asked for, spread over providers, with figures that move', async () => {
  swarm = usual()
  const nodes = await allRunning()
  expect(nodes.map(({ name }) => name)).toEqual(
    Array.from({ length: AGENTS }, (_, i) => `swarm-${String(i + 1).padStart(4, '0')}`),
  )
  expect(new Set(nodes.map(({ provider }) => provider)).size).toBe(5)
  const [{ name, latest }] = nodes
  await until('a later sample', async () => {
    const later = (await fleet()).find((node) => node.name === name)
    return later.latest.at > latest.at && later.latest.cpu.usagePercent !== latest.cpu.usagePercent
  })
})

it('says that there is no shell to open', async () => {
  const [{ id }] = await fleet()
  await expect(openTerminal(await world.api(), id)).rejects.toThrow('This agent is simulated')
})

it('comes back after the console was away', async () => {
  await world.killConsole()
  await world.startConsole()
  const sinceMs = Date.now()
  await until(
    'samples of every agent from after the restart',
    async () => (await fleet()).every(({ latest }) => Date.parse(latest.at) > sinceMs),
    60_000,
  )
})

it('ends all links on Ctrl-C, and a second start returns as the same instances', async () => {
  const before = await allRunning()
  expect(await swarm.end('SIGINT')).toBe(0)
  swarm = usual()
  const sinceMs = Date.now()
  await until(
    'samples of every agent from after the second start',
    async () => (await fleet()).every(({ latest }) => Date.parse(latest.at) > sinceMs),
    60_000,
  )
  expect((await fleet()).map(({ id }) => id)).toEqual(before.map(({ id }) => id))
})

it('says once why it cannot go on: names that are taken, a wrong secret, a wrong argument', async () => {
  const taken = world.startSwarm(5)
  expect(await taken.exited).toBe(3)
  expect(taken.output()).toContain('--prefix')
  const stranger = run(path.join(root, 'bench/swarm/main.ts'), {}, undefined, [
    '--url',
    world.url,
    '--secret',
    'not-the-secret-of-this-console',
    '--prefix',
    'stranger',
  ])
  expect(await stranger.exited).toBe(3)
  expect(stranger.output()).toContain('UNAUTHENTICATED')
  const wrong = run(path.join(root, 'bench/swarm/main.ts'), {}, undefined, ['--agents', 'many'])
  expect(await wrong.exited).toBe(2)
  expect(wrong.output()).toBe('swarm: --agents: expected a whole number from 1 to 20000, got "many"\n')
})
