// What idle agents cost the console that holds them, at default intervals: memory for each and processor time for a thousand, that of its
// PostgreSQL included; against bare sockets that nothing is said on. `--agents N` holds fewer than 10 000.
import { openWorld } from '@sindri/e2e/kit/world'
import { print } from './kit/report.ts'
import { startRole } from './kit/role.ts'
import { openRows } from './kit/rows.ts'
import { agentsAsked, createSwarms } from './kit/swarms.ts'
import { cpuMsOf, usageOf } from './kit/usage.ts'

const AGENTS = agentsAsked(10_000)
const FIRST = Math.min(1_000, AGENTS)
/** What arriving took is given back by then. */
const SETTLE_S = 45
const SECONDS = 60

/** Percent of a core for a thousand agents. */
const share = (ms: number): number => ms / SECONDS / 10 / (AGENTS / 1000)

const pause = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1000))

async function bareSockets(): Promise<number> {
  const [server, clients] = [startRole('fleet/sockets.ts'), startRole('fleet/sockets.ts')]
  try {
    const { url, pid } = await server.ask<{ url: string; pid: number }>('listen')
    const before = usageOf(pid).rssMiB
    await clients.ask('connect', { url, count: AGENTS })
    return ((usageOf(pid).rssMiB - before) * 1024) / AGENTS
  } finally {
    await Promise.all([server.end(), clients.end()])
  }
}

const world = await openWorld({ SINDRI_ENROL_RATE: '100000' })
const rows = await openRows(world.backend.databaseUrl)
// As it is started every time but the first: what applied the migrations stays in memory until then.
await world.killConsole('SIGTERM')
await world.startConsole()
try {
  const swarms = createSwarms(world, rows)
  const { pid } = world.console()
  await pause(SETTLE_S / 3)
  const empty = usageOf(pid).rssMiB
  await swarms.add(FIRST)
  await pause(SETTLE_S)
  const first = usageOf(pid).rssMiB
  const began = performance.now()
  if (AGENTS > FIRST) await swarms.add(AGENTS - FIRST)
  const arriveS = (performance.now() - began) / 1000
  await pause(SETTLE_S)

  const silent = rows.watchSilent()
  const spentByDatabase = await rows.watchProcessor()
  const before = cpuMsOf(pid)
  await pause(SECONDS)
  const ofConsole = share(cpuMsOf(pid) - before)
  const ofDatabase = share(await spentByDatabase())
  const whole = usageOf(pid).rssMiB
  const falselySilent = silent()
  const held = await rows.count(`select count(*) from instances where liveness = 'ONLINE'`)
  const each = ((whole - empty) * 1024) / AGENTS
  const bare = await bareSockets()
  print({
    bench: `fleet, ${AGENTS} idle agents`,
    figures: {
      held,
      'each, KiB': each,
      'RSS without agents, MiB': empty,
      [`RSS with ${FIRST} agents, MiB`]: first,
      [`RSS with ${AGENTS} agents, MiB`]: whole,
      'console, % of a core for 1000 agents': ofConsole,
      'PostgreSQL, % of a core for 1000 agents': ofDatabase,
      [`until the last ${AGENTS - FIRST} had come, s`]: arriveS,
      'taken for silent': falselySilent,
    },
    baselines: { 'a bare socket, KiB': bare },
    ratios: { 'an agent / a bare socket': each / bare },
    goals: [
      { name: 'agents held', figure: held, goal: 10_000, kind: 'min' },
      { name: 'each, KiB', figure: each, goal: 45, kind: 'max' },
      {
        name: 'console and PostgreSQL, % of a core for 1000 agents',
        figure: ofConsole + ofDatabase,
        goal: 6,
        kind: 'max',
      },
      { name: 'RSS without agents, MiB', figure: empty, goal: 150, kind: 'max' },
      { name: `RSS with ${FIRST} agents, MiB`, figure: first, goal: 190, kind: 'max' },
      { name: 'taken for silent', figure: falselySilent, goal: 0, kind: 'max' },
    ],
  })
} finally {
  await rows.end()
  await world.end()
}
