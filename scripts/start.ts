// `npm start`: everything this machine needs, from nothing to a console with an agent; Ctrl-C ends all of it.
import { existsSync } from 'node:fs'
import path from 'node:path'
import { agentEnvironment, forkConsole, type Ready } from './kit/console.ts'
import { endAll } from './kit/end.ts'
import { agentArgv, agentEntry, consoleArgv, consoleEntry } from './kit/entry.ts'
import { keep, type Kept } from './kit/keep.ts'
import { mustBeFree } from './kit/port.ts'
import { noArguments, program } from './kit/program.ts'
import { seconds, timed } from './kit/say.mjs'
import { prepare, root } from './kit/steps.ts'

const { SINDRI_ENTERED_AT, ...inherited } = process.env
/** When the user pressed Enter, by the wall clock: npm and the install are behind us here. */
const enteredAt = Number(SINDRI_ENTERED_AT) || performance.timeOrigin
const dataDir = path.resolve(root, inherited['SINDRI_DATA_DIR'] ?? '.data')
// Quiet unless something is wrong, so that the address and the password stay in sight.
const shared: NodeJS.ProcessEnv = {
  ...inherited,
  SINDRI_DATA_DIR: dataDir,
  SINDRI_LOG_LEVEL: inherited['SINDRI_LOG_LEVEL'] ?? 'warn',
}

await program(async () => {
  noArguments('npm start')
  if (!existsSync(dataDir)) await mustBeFree(inherited)
  await prepare()
  let beginPart: (part: string) => void = () => {}
  const onStep = (part: string): void => beginPart(part)
  const { child: first, ready } = forkConsole(shared, { onStep })
  let keeper: ReturnType<typeof keep> | undefined
  let agent: Kept | undefined
  let stopped: Promise<void> | undefined
  const asked = Promise.withResolvers<number>()

  // A terminal signals the whole group and npm passes signals on as well: the second and third of them change nothing.
  const stop = (): Promise<void> => {
    agent?.release()
    keeper?.release()
    const consoleNow = keeper ? keeper.current() : first
    return (stopped ??= endAll([agent?.current(), consoleNow].filter((child) => !!child)))
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'] as const)
    process.on(signal, () => void stop().then(() => asked.resolve(0)))

  try {
    const about = await timed('start console', (begin) => {
      beginPart = begin
      return ready
    })
    // Where it was, so that pages and agents find it again.
    const again = { ...shared, PORT: new URL(about.url).port }
    if (!stopped) keeper = keep('console', consoleEntry, again, { running: first, execArgv: consoleArgv })
    if (!stopped) agent = keep('agent', agentEntry, agentEnvironment(about, dataDir, shared), { execArgv: agentArgv })
    console.log(summary(about, Date.now() - enteredAt))
  } catch (error) {
    const wasAsked = !!stopped
    await stop()
    if (wasAsked) return 0
    throw error
  }
  const code = await Promise.race([asked.promise, ...(keeper ? [keeper.ended] : [])])
  const wasAsked = !!stopped
  await stop()
  return wasAsked ? 0 : code || 1
})

function summary(about: Ready, tookMs: number): string {
  const password = about.oneTimePassword
    ? `${about.oneTimePassword}   (shown once; you choose your own when you sign in)`
    : 'already set   (lost: npm run admin -- reset-password)'
  const outside = shared['SINDRI_PUBLIC_URL']?.trim()
  const lines = [
    ['Sindri Console', about.url],
    ...(outside ? [['from outside', outside]] : []),
    ['administrator', about.adminEmail],
    ['password', password],
    ['database', about.databaseLabel],
  ]
  const table = lines.map(([name = '', value]) => `  ${name.padEnd(16)}${value}`).join('\n')
  return `\n${table}\n\n  Ready in ${seconds(tookMs)}. Ctrl-C ends everything.\n`
}
