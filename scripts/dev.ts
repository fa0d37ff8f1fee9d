// `npm run dev`: api, agent and web, each reloading what it is made of; documents and schema follow their sources.
import { type ChildProcess, fork, spawn } from 'node:child_process'
import path from 'node:path'
import { agentEnvironment, exitOf, forkConsole, type Ready } from './kit/console.ts'
import { endAll } from './kit/end.ts'
import type { Kept } from './kit/keep.ts'
import { noArguments, program } from './kit/program.ts'
import { onChange, reload } from './kit/reload.ts'
import { say } from './kit/say.mjs'
import { generateClient, generateDocuments, printSchema, root } from './kit/steps.ts'

const dataDir = path.resolve(root, process.env['SINDRI_DATA_DIR'] ?? '.data')
// Never any free port: the console keeps its address over its reloads.
const port = Number(process.env['PORT']) === 0 ? '3000' : process.env['PORT']
const shared = { ...process.env, PORT: port, SINDRI_DATA_DIR: dataDir }

await program(async () => {
  noArguments('npm run dev')
  await generateClient()
  await printSchema()
  await generateDocuments()
  const ended = Promise.withResolvers<number>()
  const sources = (...folders: string[]): string[] => folders.map((folder) => path.join(root, folder))
  let web: ChildProcess | undefined
  let agent: Kept | undefined
  let stopped: Promise<void> | undefined
  let isUp = false

  const begin = (): ChildProcess => {
    const { child, ready } = forkConsole(path.join(root, 'api/src/main.ts'), shared)
    // Later a change of the code may mend what failed; a first start fails because of its surroundings.
    void exitOf(child).then((code) => isUp || ended.resolve(code))
    ready.then(follow, () => {})
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
      () => fork(path.join(root, 'agent/src/main.ts'), { env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
      sources('agent/src', 'schema/src/contract'),
    )
    if (about.oneTimePassword) say(`\n  ${about.adminEmail}   ${about.oneTimePassword}   (shown once)\n`)
  }
  const api = reload('console', begin, sources('api/src', 'schema/src'))

  const stop = (): Promise<void> => {
    agent?.release()
    api.release()
    return (stopped ??= endAll([agent?.current(), api.current(), web].filter((child) => !!child)).then(() =>
      ended.resolve(0),
    ))
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'] as const) process.on(signal, () => void stop())

  regenerate()
  const code = await ended.promise
  const asked = !!stopped
  await stop()
  return asked ? 0 : code || 1
})

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
