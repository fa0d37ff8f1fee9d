// Ends what was started, last first, each part once, within a grace that no hanging part can stretch.
import type { Clock } from './clock.ts'
import type { Log } from './log.ts'

type End = () => void | Promise<void>

export interface Stop {
  /** Remembers how to end a part. When stopping has already begun, the part is ended at once. */
  add(name: string, end: End): void
  /** Resolves when all parts have ended or the grace is over, with the names of those that did not. Later calls share the first. */
  stop(): Promise<string[]>
  readonly stopping: boolean
}

export const createStop = (deps: { clock: Clock; log: Log; graceMs: number }): Stop => {
  const { clock, log, graceMs } = deps
  const parts: { name: string; end: End }[] = []
  let stopping: Promise<string[]> | undefined

  const end = async (part: { name: string; end: End }): Promise<void> => {
    try {
      await part.end()
    } catch (error) {
      log.error(`${part.name} did not end as it should`, { error })
    }
  }

  const endAll = async (): Promise<string[]> => {
    const deadline = Promise.withResolvers<'late'>()
    const cancel = clock.after(graceMs, () => deadline.resolve('late'))
    const unfinished: string[] = []
    for (let part = parts.pop(); part; part = parts.pop()) {
      // Past the grace every part is still asked to end, but nobody waits for it.
      const outcome = await Promise.race([deadline.promise, end(part)])
      if (outcome === 'late') unfinished.push(part.name)
    }
    cancel()
    if (unfinished.length > 0) log.warn('stopped before everything had ended', { unfinished, graceMs })
    return unfinished
  }

  return {
    get stopping() {
      return stopping !== undefined
    },
    add(name, ending) {
      if (stopping) void end({ name, end: ending })
      else parts.push({ name, end: ending })
    },
    stop: () => (stopping ??= endAll()),
  }
}
