// Keeps a child running: when it dies it is said and started again, later each time, unless it ended for good.
import { type ChildProcess, fork } from 'node:child_process'
import { exitOf } from './console.ts'
import { say, seconds } from './say.mjs'

const FIRST_RETRY_MS = 1_000
const LAST_RETRY_MS = 30_000
/** A child that lived this long had started well: its next death counts as the first. */
const HEALTHY_MS = 60_000
/** Ended in order, by a wrong configuration, or by a console that does not want it: another start would end the same, or is not wished. */
const FINAL_CODES = [0, 2, 3]

export interface Kept {
  current(): ChildProcess | null
  /** No more restarts; the child itself is left to the caller. */
  release(): void
}

export function keep(
  name: string,
  entry: string,
  env: NodeJS.ProcessEnv,
  { firstRetryMs = FIRST_RETRY_MS, running = null as ChildProcess | null, execArgv = [] as string[] } = {},
): Kept & {
  /** Resolves with the exit code once it is not started again by itself. */
  readonly ended: Promise<number>
} {
  let child: ChildProcess | null = null
  let timer: NodeJS.Timeout | undefined
  let released = false
  let retryMs = firstRetryMs
  const ended = Promise.withResolvers<number>()

  const start = (): void => watch(fork(entry, { env, execArgv, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }))
  const watch = (mine: ChildProcess): void => {
    const startedAt = performance.now()
    child = mine
    void exitOf(mine).then((code) => {
      child = null
      if (released) return
      if (FINAL_CODES.includes(code)) {
        say(`sindri: the ${name} ended${code === 0 ? '' : ' for the reason above'}; it is not started again`)
        return ended.resolve(code)
      }
      if (performance.now() - startedAt > HEALTHY_MS) retryMs = firstRetryMs
      say(`sindri: the ${name} ended with exit code ${code}; starting it again in ${seconds(retryMs)}`)
      timer = setTimeout(start, retryMs)
      retryMs = Math.min(retryMs * 2, LAST_RETRY_MS)
    })
  }
  if (running) watch(running)
  else start()
  return {
    current: () => child,
    ended: ended.promise,
    release: () => {
      released = true
      clearTimeout(timer)
    },
  }
}
