// Real processes of the product, with what they said, and an end that leaves none behind.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export interface Proc {
  child: ChildProcess
  pid: number
  /** All it wrote to both streams so far. */
  output(): string
  /** Ends it politely, and firmly after 8 s; answers the exit code or the signal. */
  end(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals>
  exited: Promise<number | NodeJS.Signals>
}

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** As a person's shell has it: npm puts the programs of this clone in front for this very run. */
export const usualPath = (process.env.PATH ?? '')
  .split(':')
  .filter((folder) => !folder.includes('/node_modules/'))
  .join(':')

export function run(
  script: string,
  env: Record<string, string | undefined>,
  onMessage?: (message: unknown) => void,
  args: readonly string[] = [],
  execArgv: readonly string[] = [],
): Proc {
  const child = spawn(process.execPath, [...execArgv, script, ...args], {
    cwd: root,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, LANG: 'C.UTF-8', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  if (onMessage) child.on('message', onMessage)
  return keep(child, (signal) => child.kill(signal))
}

/** A program that starts others, such as a shell with what somebody typed: its end is the end of them all. */
export function runGroup(
  program: string,
  args: readonly string[],
  options: { cwd: string; env: Record<string, string | undefined> },
): Proc {
  const child = spawn(program, args, { ...options, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const kill = (signal: NodeJS.Signals): void => {
    try {
      process.kill(-(child.pid ?? 0), signal)
    } catch {
      // All of them have ended by themselves.
    }
  }
  const first = keep(child, kill)
  return { ...first, end: (signal) => first.end(signal).finally(() => kill('SIGKILL')) }
}

function keep(child: ChildProcess, kill: (signal: NodeJS.Signals) => unknown): Proc {
  const chunks: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => void chunks.push(chunk))
  const exited = once(child, 'exit').then(([code, signal]) => (signal ?? code) as number | NodeJS.Signals)
  return {
    child,
    pid: child.pid ?? 0,
    output: () => Buffer.concat(chunks).toString(),
    exited,
    async end(signal = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) kill(signal)
      const firmly = setTimeout(kill, 8000, 'SIGKILL')
      try {
        return await exited
      } finally {
        clearTimeout(firmly)
      }
    },
  }
}

/** Polls a condition of another process; the error says what was seen last. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | null | false> | T | undefined | null | false,
  withinMs = 15_000,
): Promise<T> {
  const deadline = performance.now() + withinMs
  let last: unknown
  for (;;) {
    try {
      const seen = await look()
      if (seen) return seen
      last = seen
    } catch (error) {
      last = error
    }
    if (performance.now() > deadline)
      throw new Error(`expected ${what} within ${withinMs} ms, last saw ${String(last)}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
