// The agent as a process: environment, signals, exit code. 2: wrong configuration. 3: the console does not want this agent.
import { createRequire } from 'node:module'
import { homedir, hostname } from 'node:os'
import { readEnv, WrongEnv } from './env.ts'
import { helpText } from './help.ts'
import { systemClock } from './platform/clock.ts'
import { DirLocked } from './platform/dirLock.ts'
import { createLog } from './platform/log.ts'
import { isPulseFresh } from './platform/pulse.ts'
import { BadState } from './platform/stateDir.ts'

const { version } = createRequire(import.meta.url)('../package.json') as { version: string }

// Whoever read the log may be gone; that is no reason to end.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

const say = (text: string): boolean => process.stderr.write(`${text}\n`)

async function main(): Promise<void> {
  const given = process.argv.slice(2)
  if (given.length === 1 && given[0] === '--version') return void process.stdout.write(`${version}\n`)
  if (given.length === 1 && given[0] === '--help') return void process.stdout.write(`${helpText()}\n`)
  const asksHealth = given.length === 1 && given[0] === '--healthy'
  if (given.length > 0 && !asksHealth) {
    say(
      `sindri-agent: expected --version, --help, --healthy or nothing, got ${given.map((each) => JSON.stringify(each)).join(' ')}.`,
    )
    process.exit(2)
  }
  const variables = { ...process.env }
  const surroundings = { hostname: hostname(), homeDir: homedir(), workingDir: process.cwd() }
  const env = readEnv(variables, surroundings)
  if (asksHealth) {
    if (isPulseFresh(env.stateDir, Date.now())) return
    say(`sindri-agent: expected an agent that runs on ${env.stateDir}, got none.`)
    process.exit(1)
  }
  const log = createLog({
    level: env.logLevel,
    format: process.stderr.isTTY ? 'plain' : 'json',
    clock: systemClock,
    write: (line) => void process.stderr.write(line),
  })
  // Only now: whoever asks for the version, or is told of a wrong variable, need not wait for all of it.
  const { startAgent } = await import('./agent.ts')
  const starting = startAgent({ env, surroundings, variables, version, clock: systemClock, log, random: Math.random })

  let ending: Promise<void> | undefined
  const end = (code: number): void => {
    ending ??= starting.then((agent) => agent.stop()).finally(() => process.exit(code))
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => end(0))
  // Whoever started it with a channel and is gone cannot end it any more.
  process.on('disconnect', () => end(0))
  const agent = await starting
  const { kind, message } = await agent.ended
  if (ending) return
  say(`sindri-agent: ${message}`)
  end(kind === 'misconfigured' ? 2 : 3)
}

main().catch((error: unknown) => {
  if (error instanceof WrongEnv) {
    for (const line of error.lines) say(`sindri-agent: ${line}`)
    process.exit(2)
  }
  if (error instanceof DirLocked || error instanceof BadState) {
    say(`sindri-agent: ${error.message}`)
    process.exit(2)
  }
  say(`sindri-agent: ${error instanceof Error ? error.stack : String(error)}`)
  process.exit(1)
})
