// The messages of one socket: the handshake, operations within their limits, and answers in which only what may be seen is shown.
import type { Context, Ports, Viewer } from '@sindri/schema'
import { Fault, isFaultCode } from '@sindri/schema/contract/codes'
import { GraphQLError } from 'graphql'
import { makeServer, MessageType, type SubscribeMessage, validateMessage } from 'graphql-ws'
import type { Log } from '../platform/log.ts'
import { closeOf } from './admission.ts'
import type { Conn } from './conn.ts'
import { type Results, textOf, toFrames } from './frames.ts'
import type { Asked, Begun, Operations } from './operations.ts'
import { toGraphQLError, toGraphQLErrors } from './shown.ts'

export interface Serving {
  conn: Conn
  operations: Operations
  ports: Ports
  log: Log
  /** The console is going down. */
  state: { readonly draining: boolean }
  admit(payload: unknown): Promise<object>
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

/** Returns what must be called once the socket has closed. */
export const serveSocket = ({
  conn,
  operations,
  ports,
  log,
  state,
  admit,
}: Serving): ((code: number, reason: string) => Promise<void>) => {
  const { ws, origin } = conn
  const base = { ...ports, cookies: null }
  /** By what graphql-ws hands out at each step of a subscription: its payload, then its arguments. */
  const begun = new WeakMap<object, Begun>()
  /** What graphql-ws knows of this socket: whether it was let in, and what runs on it by its id. */
  let known: { acknowledged: boolean; subscriptions: Record<string, unknown> } | undefined
  let count = 0

  const begin = (viewer: Viewer, payload: Asked, bytes: number): Begun => {
    if (state.draining) throw new Fault('RESTARTING', 'The console restarts; connect again.')
    if (conn.running >= RUNNING_MAX)
      throw new Fault('LIMIT_REACHED', `Expected at most ${RUNNING_MAX} operations at once on a socket.`)
    const context: Context = { ...base, viewer }
    return operations.begin(payload, context, bytes)
  }

  const server = makeServer<Record<string, unknown>>({
    connectionInitWaitTimeout: INIT_WITHIN_MS,
    subscribe: (args) => (begun.get(args) as Begun).subscribe() as never,
    async onConnect(ctx) {
      known = ctx as typeof known
      try {
        return (await admit(ctx.connectionParams)) as Record<string, unknown>
      } catch (error) {
        if (!(error instanceof Fault)) log.error('a socket could not come in', { requestId: origin.requestId, error })
        const { name, message } = closeOf(error)
        conn.close(name, message)
        return false
      }
    },
    onSubscribe(_, __, payload) {
      const operation = begun.get(payload) as Begun
      begun.set(operation.args, operation)
      return operation.args
    },
    onOperation(_, id, __, args, result) {
      if (!(Symbol.asyncIterator in result)) return
      begun.get(args)?.opened()
      return toFrames(id, result as Results, (text) => conn.send(text)) as never
    },
    onNext(_, __, ___, args, result) {
      return begun.get(args)?.finish(result as never)
    },
    onError(_, __, ___, errors) {
      // What ended a subscription.
      return errors.map((error) =>
        (error instanceof GraphQLError && isFaultCode(error.extensions.code)
          ? error
          : toGraphQLError(error, `${origin.requestId}.${count}`, log)
        ).toJSON(),
      )
    },
  })

  /** What ends by itself: its answer, unless it was taken back meanwhile. */
  const answer = async (id: string, running: Record<string, unknown>, operation: Begun): Promise<void> => {
    running[id] = null
    try {
      const result = operation.finish(await operation.execute())
      if (!(id in running)) return
      const told = JSON.stringify(id)
      await conn.send(`{"id":${told},"type":"next","payload":${textOf(result)}}`)
      await conn.send(`{"id":${told},"type":"complete"}`)
    } finally {
      delete running[id]
    }
  }

  /** Undefined: it was refused, and told so. */
  const beginOrRefuse = async ({ id, payload }: SubscribeMessage, bytes: number): Promise<Begun | undefined> => {
    // An id of its own for each operation, recognisable as this socket's.
    const requestId = `${origin.requestId}.${(count += 1)}`
    try {
      return begin({ ...(conn.viewer as Viewer), requestId }, payload, bytes)
    } catch (error) {
      const errors = JSON.stringify(toGraphQLErrors(error, requestId, log))
      await conn.send(`{"id":${JSON.stringify(id)},"type":"error","payload":${errors}}`)
      return undefined
    }
  }

  /** graphql-ws has the handshake, subscriptions and everything that is not as it should be; answers go straight out. */
  const handle = async (data: Buffer, take: (message: never) => Promise<void>): Promise<void> => {
    let running = false
    let answering = false
    try {
      const message = read(data.toString())
      const asked = operationIn(message)
      if (!asked || !known?.acknowledged || asked.id in known.subscriptions) return await take(message as never)
      const operation = await beginOrRefuse(asked, data.length)
      if (!operation) return
      conn.running += 1
      running = true
      if (operation.operation.type === 'subscription') {
        begun.set(asked.payload, operation)
        return await take(message as never)
      }
      conn.answering += 1
      answering = true
      await answer(asked.id, known.subscriptions, operation)
    } catch (error) {
      const expected = error instanceof Error && error.message.startsWith('Unexpected message')
      if (!expected) log.error('a message met a defect', { requestId: `${origin.requestId}.${count}`, error })
      conn.close(expected ? 'BAD_MESSAGE' : 'TRY_AGAIN')
    } finally {
      if (running) conn.running -= 1
      if (answering) conn.answered()
    }
  }

  return server.opened(
    {
      protocol: ws.protocol,
      send: (text) => conn.send(text),
      close: (code, reason) => conn.closePlain(code ?? 1000, reason ?? ''),
      onMessage(take) {
        ws.on('message', (data: Buffer, isBinary) => {
          // Told to go, by a newer link or because its session ended: what it still says is nobody's.
          if (ws.readyState !== ws.OPEN) return
          conn.heard()
          if (isBinary) conn.close('BAD_MESSAGE')
          else void handle(data, take)
        })
        for (const event of ['ping', 'pong'] as const) ws.on(event, () => conn.heard())
      },
    },
    {},
  )
}
