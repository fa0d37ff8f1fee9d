// The page's one WebSocket to the console: cookie-authenticated, measured by pings, and back by itself after any loss.
import { CLOSE, closeKind } from '@sindri/schema/contract/protocol'
import { type Client, type FormattedExecutionResult, type Sink, type SubscribePayload, createClient } from 'graphql-ws'
import { type ShallowRef, shallowRef } from 'vue'
import type { Clock, Undo } from '../platform/clock.ts'
import { type Link, type LinkEvent, foldLink, idle, retryWaitMs } from './link.ts'

/** Short enough that a silent network is noticed while the user still trusts the screen. */
const PING_MS = 3000
const SILENCE_MS = 4000
const ACK_MS = 10_000

type Receiver = Sink<FormattedExecutionResult<Record<string, unknown>>>

export interface Socket {
  link: Readonly<ShallowRef<Link>>
  start(): void
  stop(): void
  /** Ends the present wait. */
  tryNow(): void
  /** Survives losses: after each, the operation is sent again on the new connection. */
  subscribe(payload: () => SubscribePayload, sink: Receiver): Undo
}

interface Operation {
  /** As it is to be sent now. */
  payload: () => SubscribePayload
  sink: Receiver
  stop: Undo
}

/**
 * One graphql-ws client per connection: its own retrying would give up for good on codes that a console
 * which is just starting may send, and would hide when the next attempt is.
 * `doubted` is called when the console closed it because the session ended, or may do something else now: trying again goes on,
 * until whoever is called says otherwise.
 */
export const createSocket = (url: string, clock: Clock, doubted: () => void): Socket => {
  const link = shallowRef<Link>(idle)
  const tell = (event: LinkEvent) => (link.value = foldLink(link.value, event))
  const operations = new Set<Operation>()
  let client: Client | undefined
  let endWait: Undo | undefined

  const begin = (operation: Operation, on: Client) => {
    // The end of a connection is not the end of an operation: the next client begins it again.
    const current = () => client === on && operations.has(operation)
    const finish = (tellSink: () => void) => {
      if (!current()) return
      operations.delete(operation)
      tellSink()
    }
    operation.stop = on.subscribe(operation.payload(), {
      next: (value) => current() && operation.sink.next(value as FormattedExecutionResult<Record<string, unknown>>),
      error: (reason) => finish(() => operation.sink.error(reason)),
      complete: () => finish(() => operation.sink.complete()),
    })
  }

  const open = () => {
    endWait = undefined
    let pingedAt = 0
    let silence: Undo | undefined
    tell({ kind: 'connecting', at: clock.now() })

    const ended = (reason: unknown) => {
      silence?.()
      if (client !== made) return
      client = undefined
      end(made)
      const code = codeOf(reason)
      const kind = code === undefined ? undefined : closeKind(code)
      if (kind?.fatal) return tell({ kind: 'refused', at: clock.now(), meaning: kind.meaning })
      if (code === CLOSE.UNAUTHENTICATED.code) doubted()
      tell({ kind: 'closed', at: clock.now() })
      const waitMs = retryWaitMs(link.value.failures - 1, clock.chance())
      tell({ kind: 'waiting', until: clock.now() + waitMs })
      endWait = clock.after(waitMs, open)
    }

    const made = createClient({
      url,
      lazy: false,
      keepAlive: PING_MS,
      connectionAckWaitTimeout: ACK_MS,
      retryAttempts: 0,
      onNonLazyError: ended,
      on: {
        connected: (socket) => {
          tell({ kind: 'live', at: clock.now() })
          // The library's first ping comes a whole period later: too long to show no figure.
          pingedAt = clock.elapsed()
          ;(socket as WebSocket).send('{"type":"ping"}')
        },
        message: () => tell({ kind: 'heard', at: clock.now() }),
        closed: ended,
        error: ended,
        ping: (received) => {
          if (received) return
          pingedAt = clock.elapsed()
          silence = clock.after(SILENCE_MS, () => made.terminate())
        },
        pong: (received) => {
          if (!received) return
          silence?.()
          tell({ kind: 'measured', at: clock.now(), rttMs: clock.elapsed() - pingedAt })
        },
      },
    })
    client = made
    for (const operation of operations) begin(operation, made)
  }

  return {
    link,
    start: () => {
      if (!client && !endWait) open()
    },
    stop: () => {
      const last = client
      client = undefined
      endWait?.()
      endWait = undefined
      operations.clear()
      tell({ kind: 'stopped' })
      if (last) end(last)
    },
    tryNow: () => {
      if (!endWait) return
      endWait()
      open()
    },
    subscribe: (payload, sink) => {
      const operation: Operation = { payload, sink, stop: () => {} }
      operations.add(operation)
      if (client) begin(operation, client)
      return () => {
        operations.delete(operation)
        operation.stop()
      }
    },
  }
}

/** A client whose connection never came about rejects even its own end. */
const end = (client: Client): void => void Promise.resolve(client.dispose()).catch(() => {})

const codeOf = (reason: unknown): number | undefined =>
  typeof reason === 'object' && reason !== null && 'code' in reason && typeof reason.code === 'number'
    ? reason.code
    : undefined
