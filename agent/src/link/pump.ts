// Brings what waits in the outbox to the console over one link: each batch is kept until it is answered for.
import type { Clock, Undo } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Outbox } from '../platform/outbox/outbox.ts'
import type { Answer, Batch, Stream } from '../platform/outbox/records.ts'
import {
  type Operation,
  PublishEventsDocument,
  PublishGapsDocument,
  PublishSamplesDocument,
} from './gql/graphql.ts'
import type { Link } from './openLink.ts'
import { Refused, Unanswered } from './refused.ts'

type Publish = Operation<Record<string, Answer>, { records: unknown[] }>

const mutations = {
  samples: PublishSamplesDocument as unknown as Publish,
  gaps: PublishGapsDocument as unknown as Publish,
  events: PublishEventsDocument as unknown as Publish,
} satisfies Record<Stream, Publish>

/** Something in the batch itself is wrong. Every other refusal is about the link or the console, and costs no record. */
const spoilt: ReadonlySet<string> = new Set(['BAD_INPUT', 'BAD_QUERY', 'CLOCK', 'TOO_COMPLEX', 'TOO_LARGE'])

/** After a refusal that says nothing about when to come back. */
const pauseMs = 1000

export function startPump({ link, outbox, clock, log }: { link: Pick<Link, 'ask'>; outbox: Outbox; clock: Clock; log: Log }): Undo {
  let stopped = false
  let paused = false
  let taking = false
  let undoPause: Undo = () => {}

  function pause(forMs: number): void {
    paused = true
    undoPause()
    undoPause = clock.after(forMs, () => {
      paused = false
      void pump()
    })
  }

  async function send(batch: Batch): Promise<void> {
    try {
      const result = await link.ask(mutations[batch.stream], { records: batch.records.map(({ value }) => value) })
      const [answer] = Object.values(result)
      if (!answer) throw new Unanswered('the answer was empty')
      outbox.settle(batch, answer)
    } catch (error) {
      if (error instanceof Refused && spoilt.has(error.code)) {
        outbox.refuseWhole(batch, { code: error.code, message: error.message })
      } else {
        outbox.release(batch)
        if (stopped) return
        log.warn('telemetry was not taken; it is kept and sent again', { stream: batch.stream, records: batch.records.length, error })
        pause(error instanceof Refused ? (error.retryAfterMs ?? pauseMs) : pauseMs)
      }
    }
    void pump()
  }

  /** `take` hands out no more than may be in flight, so this ends by itself. */
  async function pump(): Promise<void> {
    if (taking) return
    taking = true
    try {
      while (!stopped && !paused) {
        const batch = await outbox.take()
        if (!batch) break
        if (stopped) outbox.release(batch)
        else void send(batch)
      }
    } finally {
      taking = false
    }
  }

  const undoAppend = outbox.onAppend(() => void pump())
  void pump()
  return () => {
    stopped = true
    undoAppend()
    undoPause()
  }
}
