// Work that comes round at an interval: never beside itself, never ended by its own error, and over when it is cancelled.
import type { Clock } from './clock.ts'
import type { Log } from './log.ts'

export interface Job {
  name: string
  intervalMs: number
  /** The signal aborts when the job is cancelled while it runs. */
  run(signal: AbortSignal): Promise<void>
  /** Run once at once, not only after the first interval. */
  atStart?: boolean
}

export interface Jobs {
  /** Returns its undo, which resolves once a run that was under way has ended. */
  start(job: Job): () => Promise<void>
}

export const createJobs = ({ clock, log }: { clock: Clock; log: Log }): Jobs => ({
  start({ name, intervalMs, run, atStart = false }) {
    const abort = new AbortController()
    let running: Promise<void> | undefined

    const turn = async (): Promise<void> => {
      try {
        await run(abort.signal)
      } catch (error) {
        if (!abort.signal.aborted) log.error(`${name} failed; it runs again in ${intervalMs} ms`, { job: name, error })
      } finally {
        running = undefined
      }
    }
    // A turn that takes longer than the interval skips the next one instead of queueing it.
    const due = () => void (running ??= turn())

    const cancel = clock.every(intervalMs, due)
    if (atStart) due()
    return async () => {
      cancel()
      abort.abort()
      await running
    }
  },
})
