// Runs one command to its end: without a terminal, in a process group of its own, with both outputs apart.
import { type ChildProcess, spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { Readable } from 'node:stream'
import type { Clock, Undo } from '../platform/clock.ts'
import { closingDescriptors } from '../platform/closeOnExec.ts'
import { endProcesses } from '../platform/endProcesses.ts'
import { canExecute, checkDirectory, findProgram } from '../platform/executable.ts'
import { sessionIsAlive, signalSession } from '../platform/processGroup.ts'
import { chooseShell, type ShellUser } from '../platform/shell.ts'
import { buildShellEnv } from '../platform/shellEnv.ts'
import { SpawnFailure } from '../platform/spawnFailure.ts'
import { oneLine } from '../platform/text.ts'
import { type OutputSink, readOutput } from './output.ts'

export interface CommandOrder {
  commandId: string
  /** The program, or a line for the user's shell where `args` is null. */
  command: string
  args?: readonly string[] | null
  /** Within the home directory, where it is not absolute. */
  cwd?: string | null
  env: readonly { name: string; value: string }[]
  /** base64 */
  stdin?: string | null
  timeoutMs: number
}

export interface CommandEnd {
  outcome: 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'CANCELLED'
  exitCode: number | null
  signal: string | null
  message: string | null
  stdoutBytes: number
  stderrBytes: number
  droppedBytes: number
  durationMs: number
}

export interface Run {
  /** Never rejects. */
  readonly ended: Promise<CommandEnd>
  /** Ends all its processes, unless it has exited; the first reason counts. */
  end(why: 'CANCELLED' | 'STOPPED'): void
}

export type Sinks = Readonly<Record<'STDOUT' | 'STDERR', OutputSink>>
export type StartRun = (order: CommandOrder, sinks: Sinks) => Run

export interface RunnerDeps {
  clock: Clock
  /** The agent's environment, which commands inherit less the agent's own variables. */
  env: Readonly<Record<string, string | undefined>>
  user: ShellUser
  configuredShell: string | null
  /** Which it must not inherit. */
  descriptors: ReadonlySet<number>
}

/** Processes that it left behind may hold its outputs open: so long they are listened to after its exit … */
const lingerMs = 3_000
/** … and so long when they were to be ended: only one that has left the session is there any more. */
const shortLingerMs = 500
/** Where the agent itself stops, which has little time. */
const stopGraceMs = 2_000
const messageChars = 1_000

const beforeIt = (outcome: CommandEnd['outcome'], message: string): CommandEnd => ({
  outcome,
  exitCode: null,
  signal: null,
  message: oneLine(message, messageChars),
  stdoutBytes: 0,
  stderrBytes: 0,
  droppedBytes: 0,
  durationMs: 0,
})
export const neverBegan = {
  cancelled: beforeIt('CANCELLED', 'It was cancelled before it began.'),
  stopped: beforeIt('FAILED', 'The agent was stopped before it began.'),
} as const

function programOf(command: string, cwd: string, path: string | undefined): string {
  if (!command.includes('/')) {
    const found = findProgram(command, path)
    if (found === null) throw new SpawnFailure(`program: expected one on the PATH, got ${JSON.stringify(command)}`)
    return found
  }
  const file = resolve(cwd, command)
  if (!canExecute(file))
    throw new SpawnFailure(`program: expected a file that can be executed, got ${JSON.stringify(command)}`)
  return file
}

/** Throws SpawnFailure, or what the system says. */
function launch(order: CommandOrder, { env: base, user, configuredShell, descriptors }: RunnerDeps): ChildProcess {
  const shell = chooseShell({ configured: configuredShell, loginShell: user.loginShell, env: base }).file
  const env = buildShellEnv({ base, extra: order.env, shell, user, isScreenless: true })
  const cwd = resolve(user.home, order.cwd ?? '')
  checkDirectory(cwd)
  const { file, args } = closingDescriptors(
    order.args == null
      ? { file: programOf(shell, cwd, env.PATH), args: ['-c', order.command] }
      : { file: programOf(order.command, cwd, env.PATH), args: [...order.args] },
    descriptors,
  )
  return spawn(file, args, {
    cwd,
    env: { ...env, PWD: cwd },
    // A session of its own, whose processes are ended together.
    detached: true,
    stdio: [order.stdin == null ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  })
}

type Exit = { code: number | null; signal: NodeJS.Signals | null } | { failure: Error }

export const createRunner =
  (deps: RunnerDeps): StartRun =>
  (order, sinks) => {
    const { clock } = deps
    let child: ChildProcess
    try {
      child = launch(order, deps)
    } catch (error) {
      return { ended: Promise.resolve(beforeIt('FAILED', (error as Error).message)), end: () => {} }
    }
    const startedMs = clock.monotonicMs()
    let hasExited = false
    let why: 'CANCELLED' | 'STOPPED' | 'TIMED_OUT' | null = null
    let ending: Promise<void> | null = null
    let hurry: Undo = () => {}
    const { pid, stdin, stdout, stderr } = child
    const exited = new Promise<Exit>((settle) => {
      child.on('error', (failure) => pid === undefined && settle({ failure }))
      child.on('exit', (code, signal) => {
        hasExited = true
        settle({ code, signal })
      })
    })
    // Without a descriptor left there is no pipe, and soon an error.
    const out = readOutput(stdout ?? Readable.from([]), clock, sinks.STDOUT)
    const err = readOutput(stderr ?? Readable.from([]), clock, sinks.STDERR)
    // It may end without reading what it was given.
    stdin?.on('error', () => {})
    stdin?.end(Buffer.from(order.stdin ?? '', 'base64'))

    function end(reason: NonNullable<typeof why>): void {
      if (reason === 'STOPPED') hurry()
      if (hasExited || pid === undefined) return
      why ??= reason
      const graceMs = reason === 'STOPPED' ? stopGraceMs : undefined
      ending ??= endProcesses(
        {
          kill: (signal) => signalSession(pid, hasExited, signal),
          hasProcesses: () => sessionIsAlive(pid, hasExited),
        },
        'SIGTERM',
        clock,
        graceMs,
      )
    }

    /** The outputs to their ends, but for somebody who goes on holding them. */
    async function outputsEnd(): Promise<void> {
      const late = Promise.withResolvers<void>()
      const timers = [clock.after(why ? shortLingerMs : lingerMs, late.resolve)]
      hurry = () => void timers.push(clock.after(shortLingerMs, late.resolve))
      const all = Promise.all([out.ended, err.ended])
      await Promise.race([all, late.promise])
      for (const undo of timers) undo()
      for (const output of [out, err]) output.stop()
      stdin?.destroy()
      await all
    }

    function outcomeOf(code: number | null): CommandEnd['outcome'] {
      if (why === 'CANCELLED' || why === 'TIMED_OUT') return why
      return why === null && code === 0 ? 'SUCCEEDED' : 'FAILED'
    }

    async function attend(): Promise<CommandEnd> {
      const undoTimeout = clock.after(order.timeoutMs, () => end('TIMED_OUT'))
      const exit = await exited
      undoTimeout()
      const durationMs = Math.round(clock.monotonicMs() - startedMs)
      await ending
      await outputsEnd()
      if ('failure' in exit) return beforeIt('FAILED', exit.failure.message)
      const [wrote, complained] = [out.counts(), err.counts()]
      return {
        outcome: outcomeOf(exit.code),
        exitCode: exit.code,
        signal: exit.signal,
        message: why === 'STOPPED' ? 'The agent was stopped while it ran, and ended it.' : null,
        stdoutBytes: wrote.bytes,
        stderrBytes: complained.bytes,
        droppedBytes: wrote.bytes - wrote.kept + complained.bytes - complained.kept,
        durationMs,
      }
    }

    return { ended: attend(), end }
  }
