// Ends what was started, last first, each part once, within a grace that no hanging part can stretch.
import type { Clock } from './clock.ts'
import type { Log } from './log.ts'

export interface Stop {
  /** Remembers how to end a part. When stopping has already begun, the part is ended at once. */
  add(name: string, undo: () => void | Promise<void>): void
  /** Resolves when all parts have ended or the grace is over; says which parts did not end. Later calls share the first. */
  stop(): Promise<{ unfinished: string[] }>
  readonly stopping: boolean
}

export function createStop({ clock, log, graceMs }: { clock: Clock; log: Log; graceMs: number }): Stop {
  const parts: { name: string; undo: () => void | Promise<void> }[] = []
  let running: Promise<{ unfinished: string[] }> | null = null

  async function end(part: { name: string; undo: () => void | Promise<void> }): Promise<void> {
    try {
      await part.undo()
    } catch (error) {
      log.error(`could not end ${part.name}`, { error })
    }
  }

  async function endAll(): Promise<{ unfinished: string[] }> {
    const deadline = Promise.withResolvers<'late'>()
    const undoTimer = clock.after(graceMs, () => deadline.resolve('late'))
    const unfinished: string[] = []
    let late = false
    for (let part = parts.pop(); part; part = parts.pop()) {
      const ended = end(part).then(() => 'ended' as const)
      // Past the grace every part is still asked to end, but nobody waits for it.
      if (late || (await Promise.race([ended, deadline.promise])) === 'late') {
        late = true
        unfinished.push(part.name)
      }
    }
    undoTimer()
    if (unfinished.length > 0) log.warn('stopped before everything had ended', { unfinished, graceMs })
    return { unfinished }
  }

  return {
    get stopping() {
      return running !== null
    },
    add(name, undo) {
      if (running) void end({ name, undo })
      else parts.push({ name, undo })
    },
    stop() {
      running ??= endAll()
      return running
    },
  }
}
