// `npm run swarm`: simulated agents at a running console, with a line of progress, until Ctrl-C ends all of them.
import { systemClock } from '@sindri/agent/platform/clock'
import type { Log } from '@sindri/agent/platform/log'
import { help, readArguments, WrongArguments } from './arguments.ts'
import { type Figures, startSwarm } from './swarm.ts'

const say = (text: string): boolean => process.stderr.write(`${text}\n`)
const isTerminal = process.stderr.isTTY
/** A terminal shows one line that moves; a file gets a line now and then. */
const everyMs = isTerminal ? 1_000 : 10_000

/** What thousands say alike is said once. */
function createOnceLog(): Log {
  const said = new Set<string>()
  const once: Log['warn'] = (message, { reason, error, code } = {}) => {
    const why = [reason, error instanceof Error ? error.message : null, code].find((each) => typeof each === 'string')
    if (said.has(message)) return
    said.add(message)
    say(`${isTerminal ? '\r\u001b[K' : ''}swarm: ${message}${why ? ` (${why})` : ''}; said once`)
  }
  const log: Log = { debug() {}, info() {}, warn: once, error: once, with: () => log }
  return log
}

function progress(of: number, now: Figures, before: Figures, seconds: number): string {
  const perSecond = ((now.stored - before.stored) / seconds).toFixed(1)
  const parts = [
    `${now.enrolled} of ${of} enrolled`,
    `${now.linked} linked`,
    `${perSecond} samples/s`,
    `${now.refused} refused`,
  ]
  return [...parts, ...(now.ended > 0 ? [`${now.ended} ended`] : [])].join(', ')
}

async function main(): Promise<number> {
  const options = readArguments(process.argv.slice(2), process.env, process.cwd())
  if (!options) {
    process.stdout.write(help)
    return 0
  }
  const swarm = await startSwarm({ options, clock: systemClock, log: createOnceLog(), random: Math.random })
  say(`swarm: ${options.agents} simulated agents for ${options.url}; Ctrl-C ends them`)

  let before = swarm.figures()
  let beforeMs = performance.now()
  const timer = setInterval(() => {
    const now = swarm.figures()
    const nowMs = performance.now()
    const line = `swarm: ${progress(options.agents, now, before, (nowMs - beforeMs) / 1000)}`
    if (isTerminal) process.stderr.write(`\r\u001b[K${line}`)
    else say(line)
    before = now
    beforeMs = nowMs
  }, everyMs)

  const asked = Promise.withResolvers<null>()
  // A second signal, such as the one that npm passes on, changes nothing; nor does the closing of the channel of whoever started it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'] as const)
    process.on(signal, () => asked.resolve(null))
  const reason = await Promise.race([swarm.over, asked.promise])
  clearInterval(timer)
  const { linked } = swarm.figures()
  say(`${isTerminal ? '\r\u001b[K' : ''}swarm: ${reason ?? `ending ${linked} links`}`)
  await swarm.stop()
  return reason === null ? 0 : 3
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    say(`swarm: ${error instanceof Error ? error.message : String(error)}`)
    process.exit(error instanceof WrongArguments ? 2 : 1)
  },
)
