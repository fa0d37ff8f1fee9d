// One event stream: results as `next`, the end as `complete`, comments as a heartbeat; it waits for a slow reader and gives up on one that stands still.
import type { Origin, Viewer } from '@sindri/schema'
import { Fault } from '@sindri/schema/contract/codes'
import { CLOSE } from '@sindri/schema/contract/protocol'
import type { Clock } from '../platform/clock.ts'
import { CLOSE_WITHIN_MS, PING_MS, SILENT_MS } from './conn.ts'
import type { Connection, Credential } from './connections.ts'
import { type Exchange, sendFault } from './exchange.ts'
import { type Result, textOf } from './frames.ts'
import { toGraphQLErrors } from './shown.ts'

/** After this a client comes back to a console that restarted. */
export const COME_BACK_MS = 1_000

export interface Stream extends Connection {
  /** Nothing more may be said on it. */
  readonly over: boolean
  /** Sends the head: whoever sees it knows that the operation has begun. */
  begin(): void
  /** Resolves when the next result may be fetched; at once while the reader keeps up. */
  send(result: Result): void | Promise<void>
  /** With a last result, where there is one. */
  complete(result?: Result): void
  /** From here on it is watched, and needs no answer. */
  watched(): void
}

const next = (result: Result): string => `event: next\ndata: ${textOf(result)}\n\n`
const COMPLETE = 'event: complete\ndata:\n\n'

export const openStream = (options: {
  exchange: Exchange
  viewer: Viewer
  credential: Credential | null
  clock: Clock
}): Stream => {
  const { exchange, viewer, credential, clock } = options
  const { res, log } = exchange
  const origin: Origin = exchange.origin
  const gone = Promise.withResolvers<void>()
  const answered = Promise.withResolvers<void>()
  let over = false
  let shownMs = clock.monotonicMs()
  /** What was sent waits since then for the reader. */
  let waitingSinceMs: number | null = null
  let nowTaken = Promise.withResolvers<void>()

  res.once('close', () => {
    over = true
    gone.resolve()
    answered.resolve()
    nowTaken.resolve()
  })
  res.on('error', (error) => log.debug('a stream failed', { error: error.message }))
  res.on('drain', () => {
    waitingSinceMs = null
    nowTaken.resolve()
    nowTaken = Promise.withResolvers()
  })

  const write = (text: string): void | Promise<void> => {
    shownMs = clock.monotonicMs()
    if (res.write(text)) return
    waitingSinceMs ??= shownMs
    return nowTaken.promise
  }

  const end = (text: string): void => {
    over = true
    res.end(text)
    const giveUp = clock.after(CLOSE_WITHIN_MS, () => res.destroy())
    void gone.promise.then(giveUp)
  }

  const stream: Stream = {
    origin,
    viewer,
    credential,
    closed: gone.promise,
    get over() {
      return over
    },

    idle: () => answered.promise,
    watched: () => answered.resolve(),

    begin() {
      if (over || res.headersSent) return
      // Proxies that collect an answer before they pass it on would keep every event.
      res.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
        // A connection that lived on behind its stream would hold up a restart.
        connection: 'close',
      })
      res.flushHeaders()
    },

    send(result) {
      if (!over) return write(next(result))
    },

    complete(result) {
      stream.begin()
      if (!over) end(`${result ? next(result) : ''}${COMPLETE}`)
    },

    close(name) {
      if (over) return
      const fault = new Fault(name, CLOSE[name].meaning, {
        ...(name === 'RESTARTING' && { retryAfterMs: COME_BACK_MS }),
      })
      if (!res.headersSent) {
        over = true
        return sendFault(exchange, fault)
      }
      // Without `complete` a client takes the end for an interruption, and comes back after `retry`.
      if (name === 'RESTARTING') end(`: ${name} ${fault.message}\nretry: ${COME_BACK_MS}\n\n`)
      else stream.complete({ errors: toGraphQLErrors(fault, origin.requestId, log) })
    },

    look(lateMs) {
      if (over || !res.headersSent) return
      const nowMs = clock.monotonicMs()
      if (waitingSinceMs === null) {
        if (nowMs - shownMs >= PING_MS) void write(':\n\n')
        return
      }
      // While this process stood still it could see nobody read.
      waitingSinceMs += lateMs
      if (nowMs - waitingSinceMs >= SILENT_MS) res.destroy()
    },
  }
  return stream
}
