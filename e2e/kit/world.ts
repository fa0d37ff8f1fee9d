// One console with its agents as real processes, in folders and databases of its own.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { agentState, runAgent, runSwarm } from './agent.ts'
import { type Backend, openBackend } from './backend.ts'
import { type Api, openApi } from './client.ts'
import { runConsole } from './console.ts'
import { type Proc, until } from './processes.ts'

export interface World {
  url: string
  backend: Backend
  folder: string
  admin: { email: string; password: string }
  console(): Proc
  /** The administrator, signed in. */
  api(): Promise<Api>
  startAgent(name: string, env?: Record<string, string>): Proc
  /** So many simulated agents, with what more `npm run swarm` takes. */
  startSwarm(agents: number, ...more: string[]): Proc
  /** Where the state of an agent lies. */
  agentState(name: string): string
  killConsole(signal?: NodeJS.Signals): Promise<void>
  startConsole(): Promise<void>
  /** The instance of this name once it is RUNNING. */
  running(name: string): Promise<{ id: string; name: string; status: string }>
  end(): Promise<void>
}

export async function openWorld(env: Record<string, string> = {}): Promise<World> {
  const backend = await openBackend()
  const folder = mkdtempSync(path.join(tmpdir(), 'sindri-e2e-'))
  const admin = { email: 'admin@example.com', password: randomBytes(12).toString('base64url') }
  const agents: Proc[] = []
  const apis: Api[] = []
  let keeper: Proc
  let port = '0'
  let signedIn: Promise<Api> | undefined
  let secretFile = ''

  const world: World = {
    url: '',
    backend,
    folder,
    admin,
    console: () => keeper,

    async startConsole() {
      const { proc, ready } = runConsole({
        ...backend.env,
        SINDRI_DATA_DIR: path.join(folder, 'console'),
        SINDRI_ADMIN_EMAIL: admin.email,
        SINDRI_ADMIN_PASSWORD: admin.password,
        PORT: port,
        ...env,
      })
      keeper = proc
      const told = await ready
      world.url = told.url
      secretFile = told.enrolSecretFile
      port = new URL(told.url).port
    },
    async killConsole(signal = 'SIGKILL') {
      await keeper.end(signal)
    },

    api() {
      signedIn ??= (async () => {
        const api = openApi(world.url)
        apis.push(api)
        await api.signIn(admin)
        return api
      })()
      return signedIn
    },

    agentState: (name) => agentState(folder, name),
    startAgent(name, more) {
      const agent = runAgent(name, { url: world.url, secretFile, folder }, more)
      agents.push(agent)
      return agent
    },
    startSwarm(count, ...more) {
      const swarm = runSwarm(count, { url: world.url, secretFile }, more)
      agents.push(swarm)
      return swarm
    },

    async running(name) {
      const api = await world.api()
      return until(`${name} to be RUNNING`, async () => {
        const { instances } = await api.ask(
          'query ($search: String!) { instances(search: $search) { edges { node { id name status } } } }',
          {
            search: name,
          },
        )
        return instances.edges
          .map((edge: any) => edge.node)
          .find((node: any) => node.name === name && node.status === 'RUNNING')
      })
    },

    async end() {
      for (const api of apis) await api.close()
      await Promise.all(agents.map((agent) => agent.end()))
      await keeper.end()
      await backend.drop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  await world.startConsole()
  return world
}
