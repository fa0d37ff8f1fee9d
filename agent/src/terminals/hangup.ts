// Ends every process of a terminal: politely, then firmly once the grace is over.
import type { Clock, Undo } from '../platform/clock.ts'
import type { Pty } from './pty.ts'

const hangupGraceMs = 3_000
const lookMs = 50
/** SIGKILL takes effect at once, but for a process stuck in the kernel nobody waits. */
const giveUpMs = 1_000

/** Resolves when no process is left, at the latest a second after SIGKILL. */
export function hangUp(pty: Pick<Pty, 'kill' | 'hasProcesses'>, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const timers: Undo[] = []
    const done = (): void => {
      for (const undo of timers) undo()
      resolve()
    }
    pty.kill('SIGHUP')
    timers.push(
      clock.every(lookMs, () => {
        if (!pty.hasProcesses()) done()
      }),
      clock.after(hangupGraceMs, () => pty.kill('SIGKILL')),
      clock.after(hangupGraceMs + giveUpMs, done),
    )
  })
}
