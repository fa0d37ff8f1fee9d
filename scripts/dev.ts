// `npm run dev`: api, agent and web, each reloading what it is made of; documents and schema follow their sources.
import { type ChildProcess, spawn } from 'node:child_process'
import { watch } from 'node:fs'
import path from 'node:path'
import { agentEnvironment, exitOf, forkConsole } from './kit/console.ts'
import { endAll } from './kit/end.ts'
import { keep, type Kept } from './kit/keep.ts'
import { noArguments, program } from './kit/program.ts'
import { say } from './kit/say.mjs'
import { generateClient, generateDocuments, printSchema, root } from './kit/steps.ts'

const dataDir = path.resolve(root, process.env['SINDRI_DATA_DIR'] ?? '.data')
// Never any free port: the console keeps its address over its reloads.
const port = Number(process.env['PORT']) === 0 ? '3000' : process.env['PORT']
const shared = { ...process.env, PORT: port, SINDRI_DATA_DIR: dataDir }
const execArgv = ['--watch', '--watch-preserve-output']
/** Editors save in several steps. */
const SETTLE_MS = 150

await program(async () => {
  noArguments('npm run dev')
  await generateClient()
  await printSchema()
  await generateDocuments()
  const { child: keeper, ready } = forkConsole(path.join(root, 'api/src/main.ts'), shared, { execArgv })
  const ended = Promise.withResolvers<number>()
  let web: ChildProcess | undefined
  let agent: Kept | undefined
  let stopped: Promise<void> | undefined

  const stop = (): Promise<void> => {
    agent?.release()
    return (stopped ??= endAll([agent?.current(), keeper, web].filter((child) => !!child)))
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'] as const) process.on(signal, () => void stop())

  follow()
  void exitOf(keeper).then(ended.resolve)
  // Later a change of the code may mend what failed; a first start fails because of its surroundings.
  let isUp = false
  keeper.on('message', ({ type }: { type: string }) => {
    if (type === 'failed' && !isUp) ended.resolve(2)
  })
  void ready.then(
    (about) => {
      if (stopped) return
      isUp = true
      web = spawn(path.join(root, 'web/node_modules/.bin/vite'), {
        cwd: path.join(root, 'web'),
        env: { ...process.env, SINDRI_DEV_API: about.url },
        stdio: 'inherit',
      })
      void exitOf(web).then(ended.resolve)
      agent = keep('agent', path.join(root, 'agent/src/main.ts'), agentEnvironment(about, dataDir, shared), {
        execArgv,
      })
      if (about.oneTimePassword) say(`\n  ${about.adminEmail}   ${about.oneTimePassword}   (shown once)\n`)
    },
    () => {},
  )
  const code = await ended.promise
  const asked = !!stopped
  await stop()
  return asked ? 0 : code || 1
})

/** A changed schema is printed; changed documents, or a changed print, are generated anew. */
function follow(): void {
  let timer: NodeJS.Timeout | undefined
  let working = Promise.resolve()
  const refresh = async (): Promise<void> => {
    try {
      await printSchema()
      await generateDocuments()
    } catch (error) {
      say(error instanceof Error ? error.message : String(error))
    }
  }
  for (const [folder, isSource] of [
    ['schema/src', /\.ts$/],
    ['web/src', /\.graphql$/],
    ['agent/src', /\.graphql$/],
  ] as const) {
    watch(path.join(root, folder), { recursive: true }, (_, file) => {
      if (!file || !isSource.test(file)) return
      clearTimeout(timer)
      timer = setTimeout(() => (working = working.then(refresh)), SETTLE_MS)
    })
  }
}
