// Brings records to disk soon, a few at a time, and carries on in memory while the disk refuses.
import type { Clock, Undo } from '../clock.ts'
import type { Log } from '../log.ts'
import { toNotice } from '../text.ts'
import { streams, type Stream } from './records.ts'
import type { StreamLog } from './streamLog.ts'

export interface Writer {
  /** Resolves when what was added before is written (with `sync`: on the disk), or could not be. Never rejects. */
  write(stream: Stream, sync: boolean): Promise<void>
  /** After an append: written at once; what comes in numbers is synced together, the rest at once. */
  schedule(stream: Stream): void
  notice(): string | null
  close(): Promise<void>
}

/** Samples and the output of commands reach the disk together, at most this often; whoever appends the end of one flushes. */
const grouped: ReadonlySet<Stream> = new Set<Stream>(['samples', 'commands'])
const groupSyncMs = 200
const diskRetryMs = 10_000

interface Job {
  sync: boolean
  done: Promise<void>
}

export function createWriter({
  dir,
  logs,
  clock,
  log,
}: {
  dir: string | null
  logs: Readonly<Record<Stream, StreamLog>>
  clock: Clock
  log: Log
}): Writer {
  let notice: string | null = null
  /** Of writes; more of them while retrying say that the disk still refuses. */
  let failures = 0
  let retrying = false
  let closing = false
  let closed = dir === null
  let undoRetry: Undo | null = null
  const undoSyncs = new Map<Stream, Undo>()
  const running: Record<Stream, Promise<void>> = {
    gaps: Promise.resolve(),
    events: Promise.resolve(),
    commands: Promise.resolve(),
    samples: Promise.resolve(),
  }
  /** Not begun yet, so whoever wants a write of this stream can join. */
  const queued = new Map<Stream, Job>()

  async function run(stream: Stream, job: Job): Promise<void> {
    queued.delete(stream)
    if (closed || (notice !== null && !closing && !retrying)) return
    try {
      // Once more at once: somebody may just have deleted the directory, which the next attempt makes again.
      await logs[stream].write({ sync: job.sync }).catch(() => logs[stream].write({ sync: job.sync }))
    } catch (error) {
      failures++
      undoRetry ??= clock.after(diskRetryMs, () => void retry())
      if (notice !== null) return
      const reason = error instanceof Error ? error.message : String(error)
      notice = toNotice(`Unsent data is kept in memory only: spool ${dir} cannot be written (${reason}).`)
      log.warn(notice)
    }
  }

  function write(stream: Stream, sync: boolean): Promise<void> {
    const waiting = queued.get(stream)
    if (waiting) {
      waiting.sync ||= sync
      return waiting.done
    }
    const job: Job = { sync, done: Promise.resolve() }
    queued.set(stream, job)
    job.done = running[stream].then(() => run(stream, job))
    running[stream] = job.done
    return job.done
  }

  /** The notice stands until all has been written: it neither flickers nor fills the log. */
  async function retry(): Promise<void> {
    undoRetry = null
    retrying = true
    const before = failures
    for (const stream of streams) if (failures === before) await write(stream, true)
    retrying = false
    if (failures !== before || closed) return
    notice = null
    log.info('the spool can be written again')
  }

  return {
    write,
    schedule(stream) {
      void write(stream, !grouped.has(stream))
      if (!grouped.has(stream) || closed || undoSyncs.has(stream)) return
      const sync = (): void => {
        undoSyncs.delete(stream)
        void write(stream, true)
      }
      undoSyncs.set(stream, clock.after(groupSyncMs, sync))
    },
    notice: () => notice,
    async close() {
      closing = true
      for (const undo of undoSyncs.values()) undo()
      for (const stream of streams) await write(stream, true)
      closed = true
      undoRetry?.()
      for (const stream of streams) await logs[stream].close()
    },
  }
}
