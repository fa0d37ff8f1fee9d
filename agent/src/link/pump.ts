// Brings what waits in the outbox to the console over one link: each batch is kept until it is answered for.
import type { Clock, Undo } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Outbox } from '../platform/outbox/outbox.ts'
import { type Answer, type Batch, type Stream, streams } from '../platform/outbox/records.ts'
import { knows } from './ack.ts'
import {
  type Operation,
  PublishCommandRecordsDocument,
  PublishEventsDocument,
  PublishGapsDocument,
  PublishSamplesDocument,
} from './gql/graphql.ts'
import type { Link } from './openLink.ts'
import { Refused } from './refused.ts'

type Publish = Operation<Record<string, Answer>, { records: unknown[] }>

const mutations = {
  samples: PublishSamplesDocument as unknown as Publish,
  gaps: PublishGapsDocument as unknown as Publish,
  events: PublishEventsDocument as unknown as Publish,
  commands: PublishCommandRecordsDocument as unknown as Publish,
} satisfies Record<Stream, Publish>

export interface Pump {
  /** Resolves when nothing waits for this link any more, be it that all is stored or that it has stopped. */
  drained(): Promise<void>
  stop: Undo
}

export interface PumpDeps {
  link: Pick<Link, 'ask' | 'ack'>
  outbox: Outbox
  clock: Clock
  log: Log
}

/** Something in the batch itself is wrong. Every other refusal is about the link or the console, and costs no record. */
const spoilt: ReadonlySet<string> = new Set(['BAD_INPUT', 'BAD_QUERY', 'CLOCK', 'TOO_COMPLEX', 'TOO_LARGE'])
const final: ReadonlySet<string> = new Set(['STORED', 'REPEATED', 'REFUSED'])

/** After a refusal that says nothing about when to come back; doubled while the next one is a refusal too. */
const firstPauseMs = 1_000
const longestPauseMs = 30_000
/** A console that asks for no patience is not asked again at once all the same. */
const leastPauseMs = 100

export function startPump({ link, outbox, clock, log }: PumpDeps): Pump {
  // What an older console does not take is kept for a newer one.
  const taken = streams.filter((stream) => stream !== 'commands' || knows(link.ack, 'commands'))
  let stopped = false
  let taking = false
  /** Something changed while the outbox was asked: its answer may be older. */
  let again = false
  let pauseMs = firstPauseMs
  let undoPause: Undo | null = null
  const waiters: (() => void)[] = []

  function isDrained(): boolean {
    return stopped || taken.every((stream) => outbox.held(stream).records === 0)
  }

  function tellWaiters(): void {
    if (waiters.length === 0 || !isDrained()) return
    for (const tell of waiters.splice(0)) tell()
  }

  /** Of several batches that are refused at once, the first is the one that counts. */
  function pause(forMs: number | null): void {
    if (undoPause) return
    undoPause = clock.after(Math.max(forMs ?? pauseMs, leastPauseMs), () => {
      undoPause = null
      void pump()
    })
    pauseMs = Math.min(pauseMs * 2, longestPauseMs)
  }

  function keep(batch: Batch, error: unknown): void {
    if (stopped) return
    log.warn('telemetry was not taken; it is kept and sent again', {
      stream: batch.stream,
      records: batch.records.length,
      error,
    })
    pause(error instanceof Refused ? error.retryAfterMs : null)
  }

  async function send(batch: Batch): Promise<void> {
    try {
      const result = await link.ask(mutations[batch.stream], { records: batch.records.map(({ value }) => value) })
      const answer = Object.values(result)[0] as Answer
      outbox.settle(batch, answer)
      const missing = batch.records.filter((_, index) => !final.has(answer.outcomes[index] ?? '')).length
      if (missing > 0) keep(batch, new Error(`expected ${batch.records.length} outcomes, ${missing} are none`))
      else pauseMs = firstPauseMs
    } catch (error) {
      if (error instanceof Refused && spoilt.has(error.code)) {
        outbox.refuseWhole(batch, { code: error.code, message: error.message })
      } else {
        outbox.release(batch)
        keep(batch, error)
      }
    }
    void pump()
    tellWaiters()
  }

  /** `take` hands out no more than may be in flight, so this ends by itself. */
  async function pump(): Promise<void> {
    again = true
    if (taking) return
    taking = true
    try {
      while (again && !stopped && !undoPause) {
        again = false
        const batch = await outbox.take(taken)
        if (!batch) continue
        again = true
        if (stopped) outbox.release(batch)
        else void send(batch)
      }
    } finally {
      taking = false
    }
  }

  const undoAppend = outbox.onAppend(() => void pump())
  void pump()
  return {
    drained: () => (isDrained() ? Promise.resolve() : new Promise((resolve) => void waiters.push(resolve))),
    stop() {
      stopped = true
      undoAppend()
      undoPause?.()
      tellWaiters()
    },
  }
}
