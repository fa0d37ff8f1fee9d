// The commands of this run: each waits for its turn, is asked for, and begins when the console grants it; none begins twice.
import { LIMITS } from '@sindri/schema/contract/limits'
import { type Clock, sleep, type Undo } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Outbox } from '../platform/outbox/outbox.ts'
import type { OutputSink } from './output.ts'
import { type CommandEnd, type CommandOrder, neverBegan, type Run, type StartRun } from './run.ts'

/** Whether a command may begin. Rejects where nobody answers, or not for good: then it is asked again. */
export type Claim = (commandId: string) => Promise<boolean>

export interface Commands {
  /** It may come again over each link, until it was answered for. */
  run(order: CommandOrder): void
  cancel(commandId: string): void
  /** From now on this link is asked; what it does not answer, the next one is. */
  linked(claim: Claim): Undo
  /** What this run asked for or runs. */
  held(): string[]
  /** Ends what runs, and begins nothing any more. Resolves when each end is written. */
  stop(): Promise<void>
}

export interface CommandsDeps {
  clock: Clock
  log: Log
  outbox: Pick<Outbox, 'append' | 'written' | 'flush' | 'held'>
  /** Console time. */
  nowMs: () => number
  start: StartRun
}

interface Asking {
  order: CommandOrder
  isCancelled: boolean
}

const retryMs = [1_000, 30_000] as const
/** As many as can be told of again; by then the console has long known their ends. */
const maxClaimed = 10_000

const MiB = 1024 * 1024
/** Of what is unsent: more than the console takes is not kept, so that samples keep room beside it. */
const spoolBytes = 32 * MiB
/** Of what no disk takes. */
const memoryBytes = 8 * MiB

export function createCommands({ clock, log, outbox, nowMs, start }: CommandsDeps): Commands {
  const waiting = new Map<string, CommandOrder>()
  const asking = new Map<string, Asking>()
  const running = new Map<string, Run>()
  const attended = new Set<Promise<void>>()
  /** What was granted to this run: a repeated order of it is none. */
  const claimed = new Set<string>()
  let present: { claim: Claim; over: AbortSignal } | null = null
  let stopping = false

  function remember(commandId: string): void {
    claimed.add(commandId)
    const oldest = claimed.values().next().value
    if (claimed.size > maxClaimed && oldest !== undefined) claimed.delete(oldest)
  }

  function sinkOf(commandId: string, stream: 'STDOUT' | 'STDERR'): OutputSink {
    return {
      keep(offset, bytes) {
        const data = bytes.toString('base64')
        const held = outbox.held('commands')
        if (held.bytes + data.length > spoolBytes || held.memoryBytes + data.length > memoryBytes) {
          log.warn('output of a command is not kept any more: too much is unsent', { commandId, stream, offset })
          return false
        }
        outbox.append('commands', nowMs(), { commandId, output: { stream, offset, data } })
        return true
      },
      written: () => outbox.written('commands'),
    }
  }

  async function report(commandId: string, end: CommandEnd): Promise<void> {
    outbox.append('commands', nowMs(), { commandId, finished: { ...end } })
    await outbox.flush()
  }

  function begin({ order, isCancelled }: Asking): Run | null {
    if (stopping || isCancelled) return null
    const { commandId } = order
    return start(order, { STDOUT: sinkOf(commandId, 'STDOUT'), STDERR: sinkOf(commandId, 'STDERR') })
  }

  async function attend(asked: Asking): Promise<void> {
    const { commandId } = asked.order
    const run = begin(asked)
    if (!run) return report(commandId, asked.isCancelled ? neverBegan.cancelled : neverBegan.stopped)
    running.set(commandId, run)
    try {
      await report(commandId, await run.ended)
    } finally {
      running.delete(commandId)
    }
  }

  function granted(asked: Asking): void {
    const { commandId } = asked.order
    asking.delete(commandId)
    remember(commandId)
    const attendance = attend(asked)
      .catch((error: unknown) => log.error('a command was left alone', { commandId, error }))
      .finally(() => {
        attended.delete(attendance)
        beginMore()
      })
    attended.add(attendance)
  }

  /** Asks until it is answered or the link is over. */
  async function ask(asked: Asking, { claim, over }: NonNullable<typeof present>): Promise<void> {
    const { commandId } = asked.order
    while (!over.aborted && !stopping) {
      const answer = await claim(commandId).catch((error: unknown) => error as { retryAfterMs?: number | null })
      // Another link may have been faster.
      if (asking.get(commandId) !== asked) return
      if (answer === true) return granted(asked)
      if (answer === false) {
        asking.delete(commandId)
        return beginMore()
      }
      const [least, most] = retryMs
      await sleep(clock, Math.min(Math.max(answer.retryAfterMs ?? 0, least), most), over)
    }
  }

  function beginMore(): void {
    for (const [commandId, order] of waiting) {
      if (!present || stopping || running.size + asking.size >= LIMITS.commandsAtOnce) return
      waiting.delete(commandId)
      const asked: Asking = { order, isCancelled: false }
      asking.set(commandId, asked)
      void ask(asked, present)
    }
  }

  return {
    run(order) {
      const { commandId } = order
      if (stopping || asking.has(commandId) || claimed.has(commandId)) return
      if (waiting.size >= LIMITS.commandsPerAgent && !waiting.has(commandId)) {
        log.warn('a command beyond those that may wait was left undone', { commandId })
        return
      }
      waiting.set(commandId, order)
      beginMore()
    },

    cancel(commandId) {
      running.get(commandId)?.end('CANCELLED')
      const asked = asking.get(commandId)
      if (asked) asked.isCancelled = true
    },

    linked(claim) {
      const over = new AbortController()
      const link = { claim, over: over.signal }
      present = link
      for (const asked of asking.values()) void ask(asked, link)
      beginMore()
      return () => {
        over.abort()
        if (present !== link) return
        present = null
        // They come again over the next link, unless somebody takes them back meanwhile.
        waiting.clear()
      }
    },

    held: () => [...asking.keys(), ...running.keys()],

    async stop() {
      stopping = true
      waiting.clear()
      for (const run of running.values()) run.end('STOPPED')
      await Promise.all(attended)
    },
  }
}
