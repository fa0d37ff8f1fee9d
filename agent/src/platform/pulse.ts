// Shows other programs that this agent runs: a file of its state directory, renewed as long as its loop turns.
import { rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from './clock.ts'

const file = 'pulse'
const everyMs = 5_000
/** A machine that is busy, or was asleep, misses some. */
const freshMs = 30_000

/** The undo takes it away. */
export function startPulse(dir: string, clock: Pick<Clock, 'now' | 'every'>): () => void {
  const path = join(dir, file)
  const beat = (): void => {
    try {
      writeFileSync(path, '', { mode: 0o600 })
      utimesSync(path, clock.now() / 1000, clock.now() / 1000)
    } catch {
      // A full or lost disk is told by the notices of the state directory; here it is told by an old pulse.
    }
  }
  beat()
  const cancel = clock.every(everyMs, beat)
  return () => {
    cancel()
    rmSync(path, { force: true })
  }
}

export function isPulseFresh(dir: string, nowMs: number): boolean {
  const at = statSync(join(dir, file), { throwIfNoEntry: false })?.mtimeMs
  return at !== undefined && Math.abs(nowMs - at) < freshMs
}
