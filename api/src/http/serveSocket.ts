// The messages of one socket: the handshake, operations within their limits, and answers in which only what may be seen is shown.
import type { Context, Ports, Viewer } from '@sindri/schema'
import { Fault, isFaultCode } from '@sindri/schema/contract/codes'
import {
  execute,
  type ExecutionResult,
  type FormattedExecutionResult,
  GraphQLError,
  type OperationTypeNode,
} from 'graphql'
import { makeServer } from 'graphql-ws'
import type { Log } from '../platform/log.ts'
import { closeOf } from './admission.ts'
import type { Conn } from './conn.ts'
import { type Results, toFrames } from './frames.ts'
import type { Begun, Operations } from './operations.ts'
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
  const begun = new WeakMap<object, Begun>()
  let count = 0
  /** Of the message that is being handled: graphql-ws reaches `onSubscribe` before it waits for anything. */
  let bytes = 0
  let started: OperationTypeNode | undefined

  const begin = (
    viewer: Viewer,
    payload: {
      query: string
      operationName?: string | null | undefined
      variables?: Record<string, unknown> | null | undefined
    },
  ): Begun => {
    if (state.draining) throw new Fault('RESTARTING', 'The console restarts; connect again.')
    if (conn.running >= RUNNING_MAX)
      throw new Fault('LIMIT_REACHED', `Expected at most ${RUNNING_MAX} operations at once on a socket.`)
    const context: Context = { ...base, viewer }
    const operation = operations.begin(payload, context, bytes)
    started = operation.operation.type
    return operation
  }

  const server = makeServer<Record<string, unknown>>({
    connectionInitWaitTimeout: INIT_WITHIN_MS,
    execute,
    subscribe: (args) => (begun.get(args) as Begun).subscribe(),
    async onConnect(ctx) {
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
      // An id of its own for each operation, recognisable as this socket's.
      const requestId = `${origin.requestId}.${(count += 1)}`
      try {
        const operation = begin({ ...(conn.viewer as Viewer), requestId }, payload)
        begun.set(operation.args, operation)
        return operation.args
      } catch (error) {
        return toGraphQLErrors(error, requestId, log)
      }
    },
    onOperation(_, id, __, args, result) {
      if (!(Symbol.asyncIterator in result)) return
      begun.get(args)?.opened()
      return toFrames(id, result as Results, (text) => conn.send(text))
    },
    onNext(_, __, ___, args, result) {
      return begun.get(args)?.finish(result as ExecutionResult) as FormattedExecutionResult
    },
    onError(_, __, ___, errors) {
      // Errors of `onSubscribe` are fit to show already; others ended a subscription.
      return errors.map((error) =>
        (error instanceof GraphQLError && isFaultCode(error.extensions.code)
          ? error
          : toGraphQLError(error, `${origin.requestId}.${count}`, log)
        ).toJSON(),
      )
    },
  })

  const handle = async (data: Buffer, take: (text: string) => Promise<void>): Promise<void> => {
    bytes = data.length
    started = undefined
    const handled = take(data.toString())
    const operation = started as OperationTypeNode | undefined
    const answering = operation !== undefined && operation !== 'subscription'
    if (operation) conn.running += 1
    if (answering) conn.answering += 1
    try {
      await handled
    } catch (error) {
      const expected = error instanceof Error && error.message.startsWith('Unexpected message')
      if (!expected) log.error('a message met a defect', { requestId: `${origin.requestId}.${count}`, error })
      conn.close(expected ? 'BAD_MESSAGE' : 'TRY_AGAIN')
    } finally {
      if (operation) conn.running -= 1
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
