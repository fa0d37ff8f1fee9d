// One attachment: its replay and the live output as one stream that ends behind the last byte.
import type { AttachArgs, ClosedFrame, Order, TerminalFrame } from '@sindri/schema'
import { Fault } from '@sindri/schema/contract/codes'
import { type Bus, gap } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import type { Ids } from '../platform/ids.ts'
import { createQueue } from '../platform/queue.ts'
import { topics } from '../platform/topics.ts'
import { createMerge } from './merge.ts'

export interface AttachDeps {
  bus: Bus
  clock: Clock
  ids: Ids
  /** False: the agent cannot take it now. */
  order: (instanceId: string, order: Order) => boolean | Promise<boolean>
  /** The end of a terminal as a frame; null while it is open. */
  endOf: (terminalId: string) => Promise<ClosedFrame | null>
}

/** After the end of a terminal its agent gets this long to bring more of what is missing; then it is asked once more. */
const tailMs = 3000
/** An agent that takes nothing because it is behind must not be asked for each of its frames. */
const askAgainMs = 100
/** Where the database did not say whether the terminal has ended. */
const lookAgainMs = 2000
/**
 * A viewer that reads nothing meets its bound here: it attaches again from its offset. Twice the text of what an agent sends ahead of its
 * acknowledgements, so that whoever goes by the protocol never meets it.
 */
const queuedBytes = 4 * 1024 * 1024
/** As text; what is no output is short. */
const sizeOf = (frame: TerminalFrame): number => 256 + (frame.kind === 'output' ? frame.data.length : 0)

export const createAttach =
  ({ bus, clock, ids, order, endOf }: AttachDeps) =>
  async (instanceId: string, args: AttachArgs): Promise<AsyncIterable<TerminalFrame>> => {
    const { terminalId, attachmentId, cols, rows } = args
    const self = ids.make('attachment')
    /** Only the end of the newest view of an attachment detaches: the socket of an older one may be found dead much later. */
    let isNewest = true
    bus.publish(topics.attachmentTaken, attachmentId, { by: self })
    const merge = createMerge(args.from ?? null)
    const subscribing = [
      bus.subscribe(topics.terminalFrames, terminalId),
      bus.subscribe(topics.terminalReplay, attachmentId),
      bus.subscribe(topics.terminalChanged, terminalId),
      bus.subscribe(topics.attachmentTaken, attachmentId),
    ] as const
    const sources = await Promise.all(subscribing).catch(async (error: unknown) => {
      for (const one of await Promise.allSettled(subscribing)) if (one.status === 'fulfilled') void one.value.return()
      throw error
    })
    const [live, replay, changed, taken] = sources
    /** False: nobody takes it, or nobody knows who could. The page asks again. */
    const tell = async (what: Order): Promise<boolean> => {
      try {
        return await order(instanceId, what)
      } catch {
        return false
      }
    }

    let cancelTail = (): void => {}
    let cancelLook = (): void => {}
    let over = false
    const out = createQueue<TerminalFrame>({
      policy: { kind: 'close', max: queuedBytes },
      sizeOf,
      onFull: () =>
        new Fault(
          'SLOW_CONSUMER',
          'Expected a reader of the terminal to keep up, got more than it read; attach again from the last offset.',
        ),
      onEnd: () => {
        over = true
        cancelTail()
        cancelLook()
        for (const source of sources) void source.return()
        if (isNewest) void tell({ kind: 'terminalDetach', terminalId, attachmentId })
      },
    })

    const give = (frames: TerminalFrame[]): void => {
      for (const frame of frames) out.push(frame)
      if (merge.ended) out.end()
    }
    /** When nobody took what was asked for: what the agent says later shows that it is there again. */
    let refusedMs = Infinity
    const ask = async (from: number | null): Promise<boolean> => {
      refusedMs = Infinity
      const isTaken = await tell({ kind: 'terminalAttach', terminalId, attachmentId, from, cols, rows })
      if (!isTaken) refusedMs = clock.monotonicMs()
      return isTaken
    }
    const guard = async (work: Promise<void>): Promise<void> => {
      try {
        await work
      } catch (error) {
        out.end(error as Error)
      }
    }

    /** The last bytes of a slow viewer are in the agent's ring, and come as it reads and acknowledges. */
    const waitForTail = (before: number, asked: boolean): void => {
      cancelTail = clock.after(tailMs, () => void guard(lookForTail(before, asked)))
    }
    const lookForTail = async (before: number, asked: boolean): Promise<void> => {
      if (merge.ended) return
      if (merge.next > before || out.length > 0) return waitForTail(merge.next, false)
      if (asked || !(await ask(merge.restart()))) return give(merge.giveUp())
      waitForTail(merge.next, true)
    }
    let ending = false
    const seeEnd = async (): Promise<void> => {
      cancelLook()
      const end = await endOf(terminalId).catch((error: unknown) => {
        // Bytes come without the database: its outage ends no view, and what it could not say is asked again.
        if (!(error instanceof Fault && error.code === 'UNAVAILABLE')) throw error
        cancelLook()
        if (!over) cancelLook = clock.after(lookAgainMs, () => void guard(seeEnd()))
        return null
      })
      if (!end || ending) return
      ending = true
      give(merge.closed(end))
      if (!merge.ended) waitForTail(merge.next, false)
    }
    /** What an interruption swallowed is asked for again, from the last byte passed on. */
    const follow = async (source: typeof live, take: (frames: TerminalFrame[]) => TerminalFrame[]): Promise<void> => {
      for await (const frames of source) {
        if (frames === gap || clock.monotonicMs() - refusedMs >= askAgainMs) await ask(merge.restart())
        if (frames !== gap) give(take(frames))
      }
    }
    void guard(follow(live, merge.live))
    void guard(follow(replay, merge.replay))
    void guard(
      (async () => {
        for await (const _ of changed) await seeEnd()
      })(),
    )
    void guard(
      (async () => {
        for await (const view of taken) if (view !== gap && view.by !== self) isNewest = false
      })(),
    )
    // Subscribed first, asked second: nothing that comes after this can be missed.
    void ask(args.from ?? null)
    void guard(seeEnd())
    return out
  }
