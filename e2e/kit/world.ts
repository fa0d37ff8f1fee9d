// One console with its agents as real processes, in folders and databases of its own.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Backend, openBackend } from './backend.ts'
import { type Api, openApi } from './client.ts'
import { type Proc, root, run, until } from './processes.ts'

const adminEmail = 'admin@example.com'

export interface World {
  url: string
  backend: Backend
  folder: string
  admin: { email: string; password: string }
  console(): Proc
  /** The administrator, signed in. */
  api(): Promise<Api>
  startAgent(name: string, env?: Record<string, string>): Proc
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
  const password = randomBytes(12).toString('base64url')
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
    admin: { email: adminEmail, password },
    console: () => keeper,

    async startConsole() {
      const ready = Promise.withResolvers<{ url: string; enrolSecretFile: string }>()
      keeper = run(
        path.join(root, 'api/src/main.ts'),
        {
          ...backend.env,
          SINDRI_DATA_DIR: path.join(folder, 'console'),
          SINDRI_ADMIN_EMAIL: adminEmail,
          SINDRI_ADMIN_PASSWORD: password,
          SINDRI_LOG_LEVEL: 'warn',
          PORT: port,
          ...env,
        },
        (message) => {
          const told = message as { type: string; url: string; enrolSecretFile: string; message?: string }
          if (told.type === 'ready') ready.resolve(told)
          else if (told.type === 'failed') ready.reject(new Error(told.message))
        },
      )
      const started = keeper
      void started.exited.then((code) =>
        ready.reject(new Error(`the console ended with ${code}:\n${started.output()}`)),
      )
      const told = await ready.promise
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
        await api.ask(
          'mutation ($email: String!, $password: String!) { signIn(email: $email, password: $password) { id } }',
          world.admin,
        )
        return api
      })()
      return signedIn
    },

    agentState: (name) => path.join(folder, `agent-${name}`),
    startAgent(name, more = {}) {
      const agent = run(path.join(root, 'agent/src/main.ts'), {
        SINDRI_CONSOLE_URL: world.url,
        SINDRI_CONSOLE_API_KEY_FILE: secretFile,
        SINDRI_INSTANCE_ID: name,
        SINDRI_AGENT_STATE_DIR: world.agentState(name),
        SINDRI_PROVIDER: 'local',
        SINDRI_AGENT_SHELL: '/bin/bash',
        ...more,
      })
      agents.push(agent)
      return agent
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
