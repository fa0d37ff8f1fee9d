// The system under test: two consoles behind a balancer, PostgreSQL, Redis, agents and a swarm, all real processes, with a wire between
// each pair that talks.
import { openProxy, type Proxy } from '@sindri/api/testing/proxy'
import { canMount, mountDisk, unmountDisk } from '@sindri/agent/platform/mount.scripted'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { heldMiB, inspected } from '../kit/held.ts'
import { agentState } from '../kit/agent.ts'
import { processMiB } from '../kit/memory.ts'
import { type Proc, root, until } from '../kit/processes.ts'
import { type ConsoleSet, openSet } from '../kit/set.ts'
import { createLoss, type Loss } from './loss.ts'
import { openPostgres, openRedis, type Service } from './services.ts'

export const consoles = ['console-0', 'console-1'] as const
export const agents = ['alpha', 'bravo'] as const
/** Its state lies on a small disk, where there may be one. */
export const small = 'alpha'
export const swarmSize = 5
const stateKiB = 16 * 1024

export interface Rig {
  folder: string
  postgres: Service
  redis: Service
  /** agents, pages, and from each console to PostgreSQL and to Redis. */
  wires: ReadonlyMap<string, Proxy>
  /** At the wire from Redis to each console. */
  losses: ReadonlyMap<string, Loss>
  set: ConsoleSet
  swarm: Proc
  /** Address for pages. */
  pagesUrl: string
  /** Null where clocks cannot be set. */
  setClock: ((who: string, offsetS: number) => void) | null
  hasSmallDisk: boolean
  stateOf(agent: string): string
  process(who: string): Proc | Service
  restartConsole(who: string): Promise<void>
  startAgent(name: string, env?: Record<string, string>): Proc
  /** A second process with a copy of its state; the undo ends it. */
  clone(agent: string): () => Promise<void>
  /** What consoles hold once garbage is collected, and what the others take. */
  memory(): Promise<ReadonlyMap<string, number>>
  end(): Promise<void>
}

const faketime = ['x86_64-linux-gnu', 'aarch64-linux-gnu']
  .map((kind) => `/usr/lib/${kind}/faketime/libfaketimeMT.so.1`)
  .find((file) => existsSync(file))

export async function openRig(): Promise<Rig> {
  const folder = mkdtempSync(path.join(tmpdir(), 'sindri-faults-'))
  // The user that PostgreSQL runs as passes through.
  chmodSync(folder, 0o711)
  const [postgres, redis] = await Promise.all([
    openPostgres(path.join(folder, 'postgres')),
    openRedis(path.join(folder, 'redis')),
  ])
  const wires = new Map<string, Proxy>()
  const losses = new Map<string, Loss>()
  for (const who of consoles) {
    const loss = createLoss()
    losses.set(who, loss)
    wires.set(`${who}→postgres`, await openProxy(postgres.url))
    wires.set(`${who}→redis`, await openProxy(redis.url, { sift: loss.sift }))
  }
  const wire = (name: string): Proxy => wires.get(name) as Proxy

  const clockFile = (who: string): string => path.join(folder, `clock-${who}`)
  const setClock = (who: string, offsetS: number): void =>
    writeFileSync(clockFile(who), offsetS < 0 ? String(offsetS) : `+${offsetS}`)
  /** Wall time alone, read anew every second. */
  const clockEnv = (who: string): Record<string, string> => {
    if (!faketime) return {}
    setClock(who, 0)
    return {
      LD_PRELOAD: faketime,
      FAKETIME_TIMESTAMP_FILE: clockFile(who),
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    }
  }

  const set = await openSet(consoles.length, {
    backend: { env: {}, databaseUrl: postgres.url, drop: async () => {} },
    env: (index) => ({
      DATABASE_URL: wire(`${consoles[index]}→postgres`).url,
      REDIS_URL: wire(`${consoles[index]}→redis`).url,
      NODE_OPTIONS: inspected,
      ...clockEnv(consoles[index] as string),
    }),
    async reach(balancer) {
      wires.set('agents→consoles', await openProxy(balancer))
      wires.set('pages→consoles', await openProxy(balancer))
      // Without a slash, as an origin is written.
      return new URL(wire('agents→consoles').url).origin
    },
  })

  const stateOf = (name: string): string => agentState(set.folder, name)
  if (canMount) mountDisk(stateOf(small), stateKiB)
  const running = new Map<string, Proc>()
  const startAgent: Rig['startAgent'] = (name, env) => {
    const agent = set.startAgent(name, {
      SINDRI_AGENT_METRICS: '1',
      SINDRI_AGENT_HEARTBEAT: '2',
      SINDRI_LOG_LEVEL: 'warn',
      ...clockEnv(name),
      ...env,
    })
    running.set(name, agent)
    return agent
  }
  for (const name of agents) startAgent(name)
  const records = path.join(folder, 'records')
  const swarm = set.startSwarm(swarmSize, '--metrics', '1', '--heartbeat', '2', '--log', records)

  const rig: Rig = {
    folder,
    postgres,
    redis,
    wires,
    losses,
    set,
    swarm,
    pagesUrl: new URL(wire('pages→consoles').url).origin,
    setClock: faketime ? setClock : null,
    hasSmallDisk: canMount,
    stateOf,
    process(who) {
      if (who === 'postgres') return postgres
      if (who === 'redis') return redis
      return running.get(who) ?? set.console(consoles.indexOf(who as (typeof consoles)[number]))
    },
    restartConsole: (who) =>
      until(
        `${who} to start`,
        async () => {
          await set.start(consoles.indexOf(who as (typeof consoles)[number]))
          return true
        },
        120_000,
      ).then(() => {}),
    startAgent,
    clone(name) {
      const state = path.join(set.folder, `clone-${name}`)
      cpSync(stateOf(name), state, { recursive: true })
      for (const file of readdirSync(state)) if (file.startsWith('lock.')) rmSync(path.join(state, file))
      const original = running.get(name) as Proc
      const clone = startAgent(name, { SINDRI_AGENT_STATE_DIR: state })
      running.set(name, original)
      return async () => {
        await clone.end('SIGKILL')
        rmSync(state, { recursive: true, force: true })
      }
    },
    async memory() {
      const held = await Promise.all(
        consoles.map(async (who) => [who, await heldMiB(rig.process(who) as Proc)] as const),
      )
      const pids = [
        ...agents.map((who) => [who, (rig.process(who) as Proc).pid] as const),
        ['swarm', swarm.pid] as const,
      ]
      const taken = [...pids, ['redis', redis.pid()] as const].map(([who, pid]) => [who, processMiB(pid)] as const)
      return new Map([...held, ...taken])
    },
    async end() {
      await set.end().catch(() => {})
      unmountDisk(stateOf(small))
      for (const each of wires.values()) await each.close()
      await Promise.all([postgres.end(), redis.end()])
      for (const each of [folder, set.folder]) rmSync(each, { recursive: true, force: true })
    },
  }
  mkdirSync(path.join(folder, 'truth'))
  return rig
}

export const programFile = path.join(root, 'e2e/faults/program.mjs')
