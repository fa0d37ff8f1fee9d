// Starts the console as a child and waits until it answers /readyz; what a console says of itself arrives over IPC.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import os from 'node:os'
import path from 'node:path'
import { consoleArgv, consoleEntry } from './entry.ts'
import { Ended } from './program.ts'

const READY_WITHIN_MS = 60_000
const POLL_MS = 25

/** What api/src/main.ts sends to whoever forked it. */
export interface Ready {
  type: 'ready'
  url: string
  adminEmail: string
  /** Null when the administrator has a password already. */
  oneTimePassword: string | null
  enrolSecretFile: string
  databaseLabel: string
}
/** `step`: what its start is at now. */
type Message = Ready | { type: 'step'; name: string } | { type: 'failed'; message: string }

/** The agent hands out shells: it gets nothing of the console's that it does not need. */
export function agentEnvironment(ready: Ready, dataDir: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { DATABASE_URL, REDIS_URL, SINDRI_CONSOLE_API_KEY, SINDRI_ADMIN_EMAIL, SINDRI_ADMIN_PASSWORD, ...rest } = env
  return {
    SINDRI_PROVIDER: 'local',
    SINDRI_AGENT_STATE_DIR: path.join(dataDir, 'agent'),
    ...rest,
    SINDRI_CONSOLE_URL: ready.url,
    SINDRI_CONSOLE_API_KEY_FILE: ready.enrolSecretFile,
  }
}

/** Resolves with the exit code, 128 + n for a child that signal n ended. */
export async function exitOf(child: ChildProcess): Promise<number> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return child.exitCode ?? 128 + (child.signalCode ? os.constants.signals[child.signalCode] : 1)
}

export function forkConsole(
  env: NodeJS.ProcessEnv,
  { onStep = (_: string): void => {} } = {},
): { child: ChildProcess; ready: Promise<Ready> } {
  const child = fork(consoleEntry, { env, execArgv: consoleArgv, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const ended = exitOf(child).then((code) => Promise.reject(new Ended(code)))
  const ready = Promise.race([ended, firstReady(child, onStep)])
  return { child, ready: Promise.race([ended, ready.then(answersReadyz)]) }
}

function firstReady(child: ChildProcess, onStep: (name: string) => void): Promise<Ready> {
  return new Promise((resolve) => {
    child.on('message', (message: Message) => {
      // 'failed' is followed by the console's own clear line and its exit code.
      if (message.type === 'ready') resolve(message)
      if (message.type === 'step') onStep(message.name)
    })
  })
}

async function answersReadyz(ready: Ready): Promise<Ready> {
  const deadline = performance.now() + READY_WITHIN_MS
  for (;;) {
    const status = await fetch(new URL('/readyz', ready.url)).then(
      (answer) => answer.status,
      (error: Error) => error.message,
    )
    if (status === 200) return ready
    if (performance.now() > deadline) throw new Error(`expected ${ready.url}/readyz to answer 200, got ${status}`)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}
