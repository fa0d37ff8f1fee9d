// A PTY whose program is the test: it writes, reads and exits when told to, and obeys pause like a real one.
import type { Pty, PtyExit } from './pty.ts'
import type { Size } from './size.ts'

export interface ScriptedPty extends Pty {
  /** What the program writes; while paused it waits, as in the kernel. */
  writes(bytes: Buffer | string): void
  exits(exit: PtyExit): void
  /** False: the program does not read, and what is typed waits. */
  reads(ready: boolean): void
  readonly typed: string
  readonly sizes: Size[]
  readonly signals: string[]
  readonly isPaused: boolean
}

export function createScriptedPty({ ignoresHangup = false } = {}): ScriptedPty {
  let onData: (bytes: Buffer) => void = () => {}
  let onExit: (exit: PtyExit) => void = () => {}
  let paused = false
  let reading = true
  let alive = true
  let typed = Buffer.alloc(0)
  const output: Buffer[] = []
  const input: { bytes: Buffer; written: () => void }[] = []
  const sizes: Size[] = []
  const signals: string[] = []
  let exit: PtyExit | null = null

  const nextOutput = () => (paused ? undefined : output.shift())
  const nextInput = () => (reading ? input.shift() : undefined)

  function drain(): void {
    for (let bytes = nextOutput(); bytes; bytes = nextOutput()) onData(bytes)
    if (!exit || paused) return
    const told = exit
    exit = null
    onExit(told)
  }

  function take(): void {
    for (let next = nextInput(); next; next = nextInput()) {
      typed = Buffer.concat([typed, next.bytes])
      next.written()
    }
  }

  return {
    pid: 4242,
    onData: (listener) => void (onData = listener),
    onExit: (listener) => void (onExit = listener),
    write(bytes, written) {
      input.push({ bytes: Buffer.from(bytes), written })
      take()
    },
    resize: (size) => void sizes.push(size),
    pause: () => void (paused = true),
    resume() {
      paused = false
      drain()
    },
    kill(signal) {
      signals.push(signal)
      if (!alive || (signal === 'SIGHUP' && ignoresHangup)) return
      this.exits({ exitCode: null, signal })
    },
    hasProcesses: () => alive,
    writes(bytes) {
      output.push(Buffer.from(bytes))
      drain()
    },
    exits(how) {
      alive = false
      exit = how
      drain()
    },
    reads(ready) {
      reading = ready
      take()
    },
    get typed() {
      return typed.toString('latin1')
    },
    sizes,
    signals,
    get isPaused() {
      return paused
    },
  }
}
