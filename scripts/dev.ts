// `npm run dev`: api, agent and web, each reloading what it is made of; documents and schema follow their sources.
// `-- --replicas 2`: so many consoles on one PostgreSQL and Redis, behind a balancer.
import { type ChildProcess, fork, spawn } from 'node:child_process'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { type Balancer, openBalancer } from './kit/balancer.ts'
import { agentEnvironment, exitOf, forkConsole, type Ready } from './kit/console.ts'
import { endAll } from './kit/end.ts'
import { agentArgv, agentSource } from './kit/entry.ts'
import type { Kept } from './kit/keep.ts'
import { program } from './kit/program.ts'
import { onChange, reload } from './kit/reload.ts'
import { say } from './kit/say.mjs'
import { generateClient, generateDocuments, printSchema, root } from './kit/steps.ts'

const dataDir = path.resolve(root, process.env['SINDRI_DATA_DIR'] ?? '.data')
// Never any free port: the console keeps its address over its reloads.
const port = Number(process.env['PORT']) === 0 ? '3000' : process.env['PORT']
const shared = { ...process.env, PORT: port, SINDRI_DATA_DIR: dataDir }

await program(async () => {
  const replicas = readReplicas()
  await generateClient()
  await printSchema()
  await generateDocuments()
  const ended = Promise.withResolvers<number>()
  const sources = (...folders: string[]): string[] => folders.map((folder) => path.join(root, folder))
  /** Ports of the consoles behind the balancer, by their number. */
  const ports: number[] = []
  const balancer =
    replicas > 1 ? await openBalancer({ port: Number(port ?? 3000), targets: () => ports.filter(Boolean) }) : undefined
  let web: ChildProcess | undefined
  let agent: Kept | undefined
  let stopped: Promise<void> | undefined
  let isUp = false

  const begin = (index: number): ChildProcess => {
    const env = balancer ? { ...shared, ...behind(balancer) } : shared
    const { child, ready } = forkConsole(env)
    // Later a change of the code may mend what failed; a first start fails because of its surroundings.
    void exitOf(child).then((code) => isUp || ended.resolve(code))
    ready.then(
      (about) => {
        ports[index] = Number(new URL(about.url).port)
        if (about.oneTimePassword) say(`\n  ${about.adminEmail}   ${about.oneTimePassword}   (shown once)\n`)
        follow(balancer ? { ...about, url: addressOf(balancer) } : about)
      },
      () => {},
    )
    return child
  }
  const follow = (about: Ready): void => {
    if (stopped || isUp) return
    isUp = true
    web = spawn(path.join(root, 'web/node_modules/.bin/vite'), {
      cwd: path.join(root, 'web'),
      env: { ...process.env, SINDRI_DEV_API: about.url },
      stdio: 'inherit',
    })
    void exitOf(web).then(ended.resolve)
    const env = agentEnvironment(about, dataDir, shared)
    agent = reload(
      'agent',
      () => fork(agentSource, { env, execArgv: agentArgv, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
      sources('agent/src', 'schema/src/contract'),
    )
  }
  const consoles = Array.from({ length: replicas }, (_, index) =>
    reload(replicas > 1 ? `console ${index + 1}` : 'console', () => begin(index), sources('api/src', 'schema/src')),
  )
  if (balancer) say(`sindri: ${replicas} consoles behind ${addressOf(balancer)}`)

  const stop = (): Promise<void> => {
    agent?.release()
    for (const one of consoles) one.release()
    const children = [agent?.current(), ...consoles.map((one) => one.current()), web]
    return (stopped ??= endAll(children.filter((child) => !!child)).then(async () => {
      await balancer?.close()
      ended.resolve(0)
    }))
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'] as const) process.on(signal, () => void stop())

  regenerate()
  const code = await ended.promise
  const asked = !!stopped
  await stop()
  return asked ? 0 : code || 1
})

function readReplicas(): number {
  const { values } = parseArgs({ options: { replicas: { type: 'string', default: '1' } } })
  const replicas = Number(values.replicas)
  if (!Number.isInteger(replicas) || replicas < 1 || replicas > 8)
    throw new Error(`--replicas: expected a whole number from 1 to 8, got "${values.replicas}"`)
  const missing = ['DATABASE_URL', 'REDIS_URL'].filter((name) => !process.env[name])
  if (replicas > 1 && missing.length > 0)
    throw new Error(
      `expected ${missing.join(' and ')} for several consoles (docker compose up -d postgres redis), got none`,
    )
  return replicas
}

function addressOf(balancer: Balancer): string {
  return `http://127.0.0.1:${balancer.port}`
}
/** All of them go by one address, and are found behind it on any port. */
function behind(balancer: Balancer): NodeJS.ProcessEnv {
  return { PORT: '0', SINDRI_PUBLIC_URL: addressOf(balancer) }
}

/** A changed schema is printed; changed documents, or a changed print, are generated anew. */
function regenerate(): void {
  let working = Promise.resolve()
  const refresh = async (): Promise<void> => {
    try {
      await printSchema()
      await generateDocuments()
    } catch (error) {
      say(error instanceof Error ? error.message : String(error))
    }
  }
  const again = (): void => void (working = working.then(refresh))
  onChange([path.join(root, 'schema/src')], /\.ts$/, again)
  onChange([path.join(root, 'web/src'), path.join(root, 'agent/src')], /\.graphql$/, again)
}
