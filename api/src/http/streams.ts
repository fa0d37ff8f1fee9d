// GraphQL over Server-Sent Events, distinct connections mode: one operation on one POST, for programs to which a plain HTTP answer is simpler than a socket.
import type { Context } from '@sindri/schema'
import { Fault } from '@sindri/schema/contract/codes'
import type { Clock } from '../platform/clock.ts'
import { type Connections, PER_PRINCIPAL } from './connections.ts'
import type { Exchange } from './exchange.ts'
import type { Asked, Begun, Operations } from './operations.ts'
import { toGraphQLErrors } from './shown.ts'
import { COME_BACK_MS, openStream } from './stream.ts'
import { credentialOf } from './viewer.ts'

export interface Streams {
  /** Throws, while nothing was sent, the Fault for who may not have one. */
  handle(exchange: Exchange, asked: Asked, bytes: number, context: Context): Promise<void>
  /** Open ones. */
  count(): number
}

export const createStreams = (deps: { operations: Operations; connections: Connections; clock: Clock }): Streams => {
  const { operations, connections, clock } = deps
  let open = 0

  return {
    count: () => open,

    async handle(exchange, asked, bytes, context) {
      const { viewer } = context
      const { requestId } = exchange.origin
      if (connections.draining)
        throw new Fault('RESTARTING', 'The console restarts; connect again.', { retryAfterMs: COME_BACK_MS })
      if (viewer.kind !== 'user' && viewer.kind !== 'key')
        throw new Fault('UNAUTHENTICATED', 'Event streams are for signed-in users and API keys.')
      const stream = openStream({ exchange, viewer, credential: credentialOf(exchange.req), clock })
      connections.add(stream)
      open += 1
      void stream.closed.then(() => (open -= 1))
      if (connections.isTooMany(viewer))
        throw new Fault('LIMIT_REACHED', `Expected at most ${PER_PRINCIPAL} sockets and streams at once.`)
      // Its access may have ended while its body was on the way, which takes as long as the sender likes.
      await connections.judge(stream)
      if (stream.over) return

      const errorsOf = (error: unknown) => ({ errors: toGraphQLErrors(error, requestId, exchange.log) })
      let begun: Begun
      try {
        begun = operations.begin(asked, context, bytes)
      } catch (error) {
        // A limit must be seen by clients that never look into the body; all else is told by the stream, as its protocol has it.
        if (error instanceof Fault && error.details?.retryAfterMs !== undefined) throw error
        return stream.complete(errorsOf(error))
      }
      if (begun.operation.type !== 'subscription') return stream.complete(begun.finish(await begun.execute()))

      stream.watched()
      try {
        const results = await begun.subscribe()
        if (!(Symbol.asyncIterator in results)) return stream.complete(begun.finish(results))
        begun.opened()
        void stream.closed.then(() => results.return(undefined))
        stream.begin()
        for await (const result of results) await stream.send(begun.finish(result))
        stream.complete()
      } catch (error) {
        stream.complete(errorsOf(error))
      }
    },
  }
}

/** Whether an answer may be an event stream: it alone, it or JSON, or not at all. */
export const eventsIn = (accept: string | undefined): 'only' | 'also' | 'no' => {
  const types = (accept ?? '')
    .toLowerCase()
    .split(',')
    .filter((part) => !/;\s*q=0(\.0*)?\s*$/.test(part))
    .map((part) => part.split(';')[0]?.trim())
  if (!types.includes('text/event-stream')) return 'no'
  return types.some((type) => type === '*/*' || /^application\/(\*|([\w-]+\+)?json)$/.test(type ?? ''))
    ? 'also'
    : 'only'
}
