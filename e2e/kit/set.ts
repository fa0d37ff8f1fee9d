// Several consoles on one PostgreSQL and Redis behind a small balancer, as real processes; which of them serves whom is nobody's concern.
import { openBalancer } from '../../scripts/kit/balancer.ts'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { runAgent, runSwarm } from './agent.ts'
import { type Backend, openBackend } from './backend.ts'
import { type Api, openApi } from './client.ts'
import { runConsole } from './console.ts'
import type { Proc } from './processes.ts'

export interface SetOptions {
  /** Its own otherwise; it is dropped with the set. */
  backend?: Backend
  /** More variables for each console, at each of its starts. */
  env?: (index: number) => Record<string, string | undefined>
  /** Where pages and agents are told to come, given the address of the balancer. */
  reach?: (url: string) => Promise<string>
}

export interface ConsoleSet {
  backend: Backend
  folder: string
  /** Of the balancer. */
  url: string
  admin: { email: string; password: string }
  /** Of each console by itself. */
  urls: readonly string[]
  /** The console as it runs now. */
  console(index: number): Proc
  /** The administrator, signed in at this address. */
  signIn(url: string): Promise<Api>
  startAgent(name: string, env?: Record<string, string>): Proc
  /** So many simulated agents, with what more `npm run swarm` takes. */
  startSwarm(agents: number, ...more: string[]): Proc
  /** Ends one of them; resolves when it is gone. */
  stop(index: number, signal: NodeJS.Signals): Promise<void>
  /** Resolves when it answers. It may be found at another port. */
  start(index: number): Promise<void>
  end(): Promise<void>
}

export async function openSet(count: number, options: SetOptions = {}): Promise<ConsoleSet> {
  const backend = options.backend ?? (await openBackend())
  const folder = mkdtempSync(path.join(tmpdir(), 'sindri-set-'))
  const admin = { email: 'admin@example.com', password: randomBytes(12).toString('base64url') }
  const urls: string[] = []
  const procs: Proc[] = []
  const agents: Proc[] = []
  const apis: Api[] = []
  let secretFile = ''
  const balancer = await openBalancer({
    port: 0,
    targets: () => urls.filter(Boolean).map((url) => Number(new URL(url).port)),
  })
  const url = `http://127.0.0.1:${balancer.port}`
  const outside = (await options.reach?.(url)) ?? url

  const set: ConsoleSet = {
    backend,
    folder,
    url,
    admin,
    urls,
    console: (index) => procs[index] as Proc,
    async start(index) {
      const { proc, ready } = runConsole({
        ...backend.env,
        SINDRI_DATA_DIR: path.join(folder, 'console'),
        SINDRI_ADMIN_EMAIL: admin.email,
        SINDRI_ADMIN_PASSWORD: admin.password,
        SINDRI_PUBLIC_URL: outside,
        ...options.env?.(index),
      })
      procs[index] = proc
      const told = await ready
      urls[index] = told.url
      secretFile = told.enrolSecretFile
    },
    async stop(index, signal) {
      await procs[index]?.end(signal)
    },
    async signIn(at) {
      const api = openApi(at)
      apis.push(api)
      await api.signIn(admin)
      return api
    },
    startAgent(name, env) {
      const agent = runAgent(name, { url: outside, secretFile, folder }, env)
      agents.push(agent)
      return agent
    },
    startSwarm(size, ...more) {
      const swarm = runSwarm(size, { url: outside, secretFile }, more)
      agents.push(swarm)
      return swarm
    },
    async end() {
      for (const api of apis) await api.close()
      await Promise.all(agents.map((agent) => agent.end()))
      await Promise.all(procs.map((proc) => proc.end()))
      await balancer.close()
      await backend.drop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  // One after the other: the first makes the tables and the administrator.
  for (let index = 0; index < count; index++) await set.start(index)
  return set
}
