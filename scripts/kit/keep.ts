// Keeps a child running: when it dies it is said and started again, later each time, unless it ended for good.
import { type ChildProcess, fork } from 'node:child_process'
import { exitOf } from './console.ts'
import { say, seconds } from './say.mjs'

const FIRST_RETRY_MS = 1_000
const LAST_RETRY_MS = 30_000
/** A child that lived this long had started well: its next death counts as the first. */
const HEALTHY_MS = 60_000
/** A wrong configuration, or a console that does not want it: another start would end the same. */
const FINAL_CODES = [2, 3]

export interface Kept {
  current(): ChildProcess | null
  /** No more restarts; the child itself is left to the caller. */
  release(): void
}

export function keep(
  name: string,
  entry: string,
  env: NodeJS.ProcessEnv,
  { firstRetryMs = FIRST_RETRY_MS } = {},
): Kept {
  let child: ChildProcess | null = null
  let timer: NodeJS.Timeout | undefined
  let released = false
  let retryMs = firstRetryMs

  const start = (): void => {
    const startedAt = performance.now()
    const mine = fork(entry, { env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    child = mine
    void exitOf(mine).then((code) => {
      child = null
      if (released) return
      if (FINAL_CODES.includes(code))
        return say(`sindri: the ${name} ended for the reason above; it is not started again`)
      if (performance.now() - startedAt > HEALTHY_MS) retryMs = firstRetryMs
      say(`sindri: the ${name} ended with exit code ${code}; starting it again in ${seconds(retryMs)}`)
      timer = setTimeout(start, retryMs)
      retryMs = Math.min(retryMs * 2, LAST_RETRY_MS)
    })
  }
  start()
  return {
    current: () => child,
    release: () => {
      released = true
      clearTimeout(timer)
    },
  }
}
