// The messages of sockets: the handshake, operations within their limits, and answers in which only what may be seen is shown.
import type { Context, Ports, Viewer } from '@sindri/schema'
import { Fault, isFaultCode } from '@sindri/schema/contract/codes'
import { GraphQLError } from 'graphql'
import { makeServer, MessageType, type SubscribeMessage, validateMessage } from 'graphql-ws'
import type { Log } from '../platform/log.ts'
import { closeOf } from './admission.ts'
import type { Conn } from './conn.ts'
import { bringsRecords, type Lane } from './lane.ts'
import { type Result, type Results, textOf, toFrames } from './frames.ts'
import type { Asked, Begun, Operations } from './operations.ts'
import { toGraphQLError, toGraphQLErrors } from './shown.ts'
import { serveInTurn } from './turns.ts'

export interface Serving {
  operations: Operations
  lane: Lane
  ports: Ports
  log: Log
  /** The console is going down. */
  state: { readonly draining: boolean }
}

type Admit = (payload: unknown) => Promise<object>

/** What is known of one socket, for as long as it is open: whatever it refers to stays in memory for each agent. */
interface Served extends Record<PropertyKey, unknown> {
  conn: Conn
  admit: Admit
  /** Operations so far. */
  count: number
  /** Of graphql-ws: whether it was let in, and what runs on it by its id. */
  known?: { acknowledged: boolean; subscriptions: Record<string, unknown> }
}

/** Begun and not ended on one socket, subscriptions included: more than a page full of live figures and terminals needs. */
const RUNNING_MAX = 200
const INIT_WITHIN_MS = 5_000

/** As graphql-ws takes it: an object, or text for it to refuse. */
const read = (text: string): unknown => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' ? value : text
  } catch {
    return text
  }
}

const operationIn = (message: unknown): SubscribeMessage | undefined => {
  try {
    const valid = validateMessage(message)
    return valid.type === MessageType.Subscribe ? valid : undefined
  } catch {
    return undefined
  }
}

/** Serves a socket; returns what must be called once it has closed. */
export type ServeSocket = (conn: Conn, admit: Admit) => (code: number, reason: string) => Promise<void>

export const createServeSocket = ({ operations, lane, ports, log, state }: Serving): ServeSocket => {
  const base = { ...ports, cookies: null }
  /** By what graphql-ws hands out at each step of a subscription: its payload, then its arguments. */
  const begun = new WeakMap<object, Begun>()
  /** Recognisable as this socket's. */
  const requestIdOf = ({ conn, count }: Served): string => `${conn.origin.requestId}.${count}`

  const begin = (conn: Conn, viewer: Viewer, payload: Asked, bytes: number): Begun => {
    if (state.draining) throw new Fault('RESTARTING', 'The console restarts; connect again.')
    if (conn.running >= RUNNING_MAX)
      throw new Fault('LIMIT_REACHED', `Expected at most ${RUNNING_MAX} operations at once on a socket.`)
    const context: Context = { ...base, viewer }
    return operations.begin(payload, context, bytes)
  }

  const server = makeServer<Record<string, unknown>, Served>({
    connectionInitWaitTimeout: INIT_WITHIN_MS,
    subscribe: (args) => (begun.get(args) as Begun).subscribe() as never,
    async onConnect(ctx) {
      const { conn, admit } = ctx.extra
      ctx.extra.known = ctx
      try {
        return (await admit(ctx.connectionParams)) as Record<string, unknown>
      } catch (error) {
        if (!(error instanceof Fault))
          log.error('a socket could not come in', { requestId: conn.origin.requestId, error })
        const { name, message } = closeOf(error)
        conn.close(name, message)
        return false
      } finally {
        // Secrets, and read once.
        ;(ctx as { connectionParams: unknown }).connectionParams = undefined
      }
    },
    onSubscribe(_, __, payload) {
      const operation = begun.get(payload) as Begun
      begun.set(operation.args, operation)
      return operation.args
    },
    onOperation({ extra: { conn } }, id, __, args, result) {
      if (!(Symbol.asyncIterator in result)) return
      begun.get(args)?.opened()
      return toFrames(id, result as Results, (text) => conn.send(text)) as never
    },
    onNext(_, __, ___, args, result) {
      return begun.get(args)?.finish(result as never)
    },
    onError({ extra }, __, ___, errors) {
      // What ended a subscription.
      return errors.map((error) =>
        (error instanceof GraphQLError && isFaultCode(error.extensions.code)
          ? error
          : toGraphQLError(error, requestIdOf(extra), log)
        ).toJSON(),
      )
    },
  })

  const fail = (served: Served, error: unknown): void => {
    const expected = error instanceof Error && error.message.startsWith('Unexpected message')
    if (!expected) log.error('a message met a defect', { requestId: requestIdOf(served), error })
    served.conn.close(expected ? 'BAD_MESSAGE' : 'TRY_AGAIN')
  }

  /** What ends by itself: its answer, unless it was taken back meanwhile. */
  const answer = async (
    served: Served,
    id: string,
    running: Record<string, unknown>,
    finish: Begun['finish'],
    executing: Result | Promise<Result>,
  ): Promise<void> => {
    const { conn } = served
    conn.running += 1
    conn.answering += 1
    running[id] = null
    try {
      const result = finish(await executing)
      // What it set going, an order or an event that somebody waits for, leaves before the word that it was taken.
      await new Promise<void>((resolve) => process.nextTick(resolve))
      if (!(id in running)) return
      const told = JSON.stringify(id)
      await conn.send(`{"id":${told},"type":"next","payload":${textOf(result)}}`)
      await conn.send(`{"id":${told},"type":"complete"}`)
    } catch (error) {
      fail(served, error)
    } finally {
      delete running[id]
      conn.running -= 1
      conn.answered()
    }
  }

  /** Undefined: it was refused, and told so. */
  const beginOrRefuse = async (
    served: Served,
    { id, payload }: SubscribeMessage,
    bytes: number,
  ): Promise<Begun | undefined> => {
    const { conn } = served
    served.count += 1
    const requestId = requestIdOf(served)
    try {
      return begin(conn, { ...(conn.viewer as Viewer), requestId }, payload, bytes)
    } catch (error) {
      const errors = JSON.stringify(toGraphQLErrors(error, requestId, log))
      await conn.send(`{"id":${JSON.stringify(id)},"type":"error","payload":${errors}}`)
      return undefined
    }
  }

  /** graphql-ws has the handshake, subscriptions and everything that is not as it should be; answers go straight out. */
  const handle = async (
    served: Served,
    message: unknown,
    bytes: number,
    take: (message: never) => Promise<void>,
  ): Promise<void> => {
    const { conn, known } = served
    let watching = false
    try {
      const asked = operationIn(message)
      if (!asked || !known?.acknowledged || asked.id in known.subscriptions) return await take(message as never)
      const operation = await beginOrRefuse(served, asked, bytes)
      if (!operation) return
      // Not waited for: what waits here keeps the message, and the answer to a thousand records takes its time.
      if (operation.operation.type !== 'subscription')
        return answer(served, asked.id, known.subscriptions, operation.finish, operation.execute())
      conn.running += 1
      watching = true
      begun.set(asked.payload, operation)
      // graphql-ws keeps the message for as long as somebody watches; its text was read, and is long.
      ;(asked.payload as { query: string }).query = ''
      await take(message as never)
    } catch (error) {
      fail(served, error)
    } finally {
      if (watching) conn.running -= 1
    }
  }

  return (conn, admit) => {
    const { ws } = conn
    const served: Served = { conn, admit, count: 0 }
    return server.opened(
      {
        protocol: ws.protocol,
        send: conn.send,
        close: (code, reason) => conn.closePlain(code ?? 1000, reason ?? ''),
        onMessage(take) {
          serveInTurn(ws, (data, isBinary) => {
            // Told to go, by a newer link or because its session ended: what it still says is nobody's.
            if (conn.closedWith !== null) return
            conn.heard()
            if (isBinary) return conn.close('BAD_MESSAGE')
            const serve = (): Promise<void> => handle(served, read(data.toString()), data.length, take)
            if (bringsRecords(data))
              lane.add(data.length, async () => (ws.readyState === ws.OPEN ? serve() : undefined))
            else void serve()
          })
          for (const event of ['ping', 'pong'] as const) ws.on(event, conn.heard)
        },
      },
      served,
    )
  }
}
