// Starts a program on a pseudo-terminal and hands its bytes on exactly; the only place that knows node-pty.
import { createRequire } from 'node:module'
import { constants as osConstants } from 'node:os'
import { ReadStream } from 'node:tty'
import { requireBinary } from 'node-pty/requireBinary.js'
import type { Clock, Undo } from '../platform/clock.ts'
import { closingDescriptors } from '../platform/closeOnExec.ts'
import { canExecute, checkDirectory } from '../platform/executable.ts'
import { sessionIsAlive, signalSession } from '../platform/processGroup.ts'
import { SpawnFailure } from '../platform/spawnFailure.ts'
import { createPatientWriter } from './patientWriter.ts'
import type { Size } from './size.ts'

export interface PtyOptions {
  /** Absolute path. */
  file: string
  args: string[]
  cwd: string
  env: Readonly<Record<string, string>>
  size: Size
}

export interface PtyExit {
  exitCode: number | null
  signal: string | null
}

export interface Pty {
  readonly pid: number
  /** The bytes are valid only during the call. */
  onData(listener: (bytes: Buffer) => void): void
  /** Called once, after the last byte. While the terminal is paused it waits. */
  onExit(listener: (exit: PtyExit) => void): void
  /** `written` is called when the kernel has taken all of it, and never when the program ended before. */
  write(bytes: Buffer, written: () => void): void
  resize(size: Size): void
  pause(): void
  resume(): void
  /** To every process of the terminal. */
  kill(signal: 'SIGHUP' | 'SIGKILL'): void
  /** Whether any process of the terminal is left, its children included. */
  hasProcesses(): boolean
}

/** Throws SpawnFailure. */
export type SpawnPty = (options: PtyOptions) => Pty

/** node-pty tells of a failure behind the fork only as output and exit code 1, so what can be known is checked before. */
function check({ file, cwd }: PtyOptions): void {
  if (!canExecute(file))
    throw new SpawnFailure(`shell: expected a program that can be executed, got ${JSON.stringify(file)}`)
  checkDirectory(cwd)
}

/** macOS starts programs through a helper that lies beside the native module. */
function helperPath(): string {
  if (process.platform !== 'darwin') return ''
  const nodePty = createRequire(import.meta.url).resolve('node-pty/requireBinary.js')
  return createRequire(nodePty).resolve(`@lydell/node-pty-darwin-${process.arch}/spawn-helper`)
}

const signalNames = new Map(Object.entries(osConstants.signals).map(([name, number]) => [number, name]))

/** Processes left behind may hold the terminal open, so after the exit its end is a silence this long … */
const quietMs = 100
/** … or this moment, when they never are silent. */
const drainMs = 1000

/** `descriptors`: those of the terminals that are open, which no other program shall inherit. */
export function createPtySpawner(clock: Clock, descriptors = new Set<number>()): SpawnPty {
  return (options) => {
    check(options)
    let onData: (bytes: Buffer) => void = () => {}
    let onExit: (exit: PtyExit) => void = () => {}
    let exit: PtyExit | null = null
    let drainUntilMs = 0
    let paused = false
    let closed = false
    let told = false
    let undoQuiet: Undo | null = null

    const call = closingDescriptors(options, descriptors)
    const { native, terminal } = fork({ ...options, ...call }, (exitCode, signal) => {
      exit = signal ? { exitCode: null, signal: signalNames.get(signal) ?? `SIG${signal}` } : { exitCode, signal: null }
      drainUntilMs = clock.monotonicMs() + drainMs
      settle()
    })
    descriptors.add(terminal.fd)

    function settle(): void {
      undoQuiet?.()
      undoQuiet = null
      if (!exit || told) return
      if (closed) {
        told = true
        onExit(exit)
      } else if (!paused) {
        const leftMs = Math.max(0, drainUntilMs - clock.monotonicMs())
        undoQuiet = clock.after(Math.min(quietMs, leftMs), () => socket.destroy())
      }
    }

    // One buffer for all reads: a flood makes no garbage.
    const buffer = Buffer.allocUnsafeSlow(64 * 1024)
    const socket = new ReadStream(terminal.fd, {
      onread: {
        buffer,
        callback(byteCount: number) {
          onData(buffer.subarray(0, byteCount))
          if (exit) settle()
          return !paused
        },
      },
    })
    // A destroyed socket has given its descriptor back, and the number may be another file's by now.
    const isOpen = (): boolean => !socket.destroyed
    const writer = createPatientWriter({ descriptor: terminal.fd, isOpen, clock })
    // The end of a PTY reads as EIO on Linux; any other error ends it as well, and `close` follows.
    socket.on('error', () => {})
    socket.on('close', () => {
      closed = true
      descriptors.delete(terminal.fd)
      writer.stop()
      settle()
    })
    // Not resume(): its effect comes a tick later, and would undo a pause() in between.
    socket.read(0)

    return {
      pid: terminal.pid,
      onData: (listener) => void (onData = listener),
      onExit: (listener) => void (onExit = listener),
      write: writer.write,
      resize({ cols, rows }) {
        if (isOpen()) native.resize(terminal.fd, cols, rows)
      },
      pause() {
        paused = true
        socket.pause()
        settle()
      },
      resume() {
        paused = false
        drainUntilMs = clock.monotonicMs() + drainMs
        socket.resume()
        settle()
      },
      kill: (signal) => signalSession(terminal.pid, exit !== null, signal),
      hasProcesses: () => sessionIsAlive(terminal.pid, exit !== null),
    }
  }
}

function fork({ file, args, env, cwd, size }: PtyOptions, onExit: (exitCode: number, signal: number) => void) {
  const pairs = Object.entries({ ...env, PWD: cwd }).map(([name, value]) => `${name}=${value}`)
  try {
    const native = requireBinary('pty.node')
    const { cols, rows } = size
    return { native, terminal: native.fork(file, args, pairs, cwd, cols, rows, -1, -1, true, helperPath(), onExit) }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new SpawnFailure(`terminal: expected a new pseudo-terminal, got: ${reason}`, { cause })
  }
}
