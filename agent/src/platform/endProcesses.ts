// Ends every process of a terminal or command: politely, then firmly once the grace is over.
import type { Clock, Undo } from './clock.ts'

export interface Processes<Polite extends NodeJS.Signals> {
  /** To every process. */
  kill(signal: Polite | 'SIGKILL'): void
  /** Whether any is left. */
  hasProcesses(): boolean
}

const politeMs = 3_000
const lookMs = 50
/** SIGKILL takes effect at once, but for a process stuck in the kernel nobody waits. */
const giveUpMs = 1_000

/** Resolves when no process is left, at the latest a second after SIGKILL. */
export function endProcesses<Polite extends NodeJS.Signals>(
  processes: Processes<Polite>,
  polite: Polite,
  clock: Clock,
  graceMs = politeMs,
): Promise<void> {
  return new Promise((resolve) => {
    const timers: Undo[] = []
    const done = (): void => {
      for (const undo of timers) undo()
      resolve()
    }
    processes.kill(polite)
    timers.push(
      clock.every(lookMs, () => {
        if (!processes.hasProcesses()) done()
      }),
      clock.after(graceMs, () => processes.kill('SIGKILL')),
      clock.after(graceMs + giveUpMs, done),
    )
  })
}
