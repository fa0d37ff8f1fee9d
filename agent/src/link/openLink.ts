// One connection to the console: signed for its socket, with operations that are answered, refused or left unanswered.
import { type AgentAck, type AgentInit, linkStatement, NONCE_HEADER, PROTOCOL } from '@sindri/schema/contract/protocol'
import { LIMITS } from '@sindri/schema/contract/limits'
import { createClient } from 'graphql-ws'
import { type KeyObject, sign } from 'node:crypto'
import WebSocket from 'ws'
import type { Clock, Undo } from '../platform/clock.ts'
import type { Operation } from './gql/graphql.ts'
import { toRefused, Unanswered } from './refused.ts'

export interface LinkOptions {
  url: string
  privateKey: KeyObject
  init: Omit<AgentInit, 'kind' | 'protocolVersion' | 'signature'>
  clock: Clock
  /** Connecting and the handshake together. */
  connectTimeoutMs?: number
  /** The peer is asked for a sign of life this often, and has as long to give it. */
  pingMs?: number
}

export interface Closed {
  /** Close code of the socket; 1006 where there was none. */
  code: number
  reason: string
}

export interface Link {
  ack: AgentAck
  /** Monotonic times between which the acknowledgement was made; for learning the console's clock. */
  askedMs: number
  heardMs: number
  /** Signs a nonce for this very link. */
  sign(nonce: string): string
  /** Throws `Refused`, or `Unanswered` when the link ends or the time is over. */
  ask<Result, Variables>(operation: Operation<Result, Variables>, variables: Variables, timeoutMs?: number): Promise<Result>
  /** `onEnd` tells why the stream ended while the link stays. */
  watch<Result, Variables>(
    operation: Operation<Result, Variables>,
    variables: Variables,
    onNext: (result: Result) => void,
    onEnd: (error: Error | null) => void,
  ): Undo
  /** Bytes handed to the socket that the network has not taken yet. */
  bufferedBytes(): number
  readonly closed: Promise<Closed>
  close(): void
}

/** Connecting failed before there was a link. */
export class NoLink extends Error {
  override readonly name = 'NoLink'
  readonly closed: Closed

  constructor(closed: Closed) {
    super(closed.reason || `the connection closed with code ${closed.code}`)
    this.closed = closed
  }
}

const answerTimeoutMs = 20_000

export function openLink(options: LinkOptions): Promise<Link> {
  const { url, privateKey, init, clock, connectTimeoutMs = 15_000, pingMs = 10_000 } = options
  const opened = Promise.withResolvers<Link>()
  const closed = Promise.withResolvers<Closed>()
  const askedMs = clock.monotonicMs()
  let nonce: string | undefined
  let socket: WebSocket | undefined
  let reason = ''
  let undoSilence: Undo = () => {}

  /** graphql-ws makes the socket itself; this is where its handshake and its buffer can be seen. */
  class SignedSocket extends WebSocket {
    constructor(address: string | URL, protocols?: string | string[]) {
      super(address, protocols, { maxPayload: LIMITS.frameBytes, perMessageDeflate: false, handshakeTimeout: connectTimeoutMs })
      // oxlint-disable-next-line typescript/no-this-alias -- nobody else is ever given this socket
      socket = this
      this.on('upgrade', (response) => {
        const header = response.headers[NONCE_HEADER]
        if (typeof header === 'string') nonce = header
      })
      // Without a listener a refused connection would end the process; graphql-ws hears of it by 'close'.
      this.on('error', (error) => (reason ||= error.message))
    }
  }

  const signFor = (text: string): string =>
    sign(null, Buffer.from(linkStatement(text, init.instance, init.run)), privateKey).toString('base64url')

  const undoDeadline = clock.after(connectTimeoutMs, () => {
    reason ||= `no link within ${connectTimeoutMs / 1000} s`
    void client.dispose()
    socket?.terminate()
  })

  const client = createClient({
    url,
    webSocketImpl: SignedSocket,
    lazy: false,
    retryAttempts: 0,
    keepAlive: pingMs,
    onNonLazyError: () => {},
    connectionParams: () => {
      if (nonce === undefined) throw new Error(`expected the header ${NONCE_HEADER}, got none: is this a Sindri console?`)
      const payload: AgentInit = { ...init, kind: 'agent', protocolVersion: `${PROTOCOL.major}.${PROTOCOL.minor}`, signature: signFor(nonce) }
      return payload as unknown as Record<string, unknown>
    },
    on: {
      connected: (_, payload) => {
        undoDeadline()
        opened.resolve({ ...link, ack: payload as unknown as AgentAck, askedMs, heardMs: clock.monotonicMs() })
      },
      ping: (received) => {
        if (received) return
        undoSilence()
        undoSilence = clock.after(pingMs, () => {
          reason ||= `no sign of life for ${pingMs / 1000} s`
          socket?.terminate()
        })
      },
      // Any frame will do: a busy link may answer its pong late.
      message: () => undoSilence(),
      closed: (event) => {
        undoDeadline()
        undoSilence()
        const { code = 1006, reason: told = '' } = event as { code?: number; reason?: string }
        const end = { code, reason: told || reason }
        closed.resolve(end)
        opened.reject(new NoLink(end))
      },
    },
  })

  const link: Omit<Link, 'ack' | 'askedMs' | 'heardMs'> = {
    closed: closed.promise,
    sign: signFor,
    bufferedBytes: () => socket?.bufferedAmount ?? 0,
    close: () => void client.dispose(),

    ask(operation, variables, timeoutMs = answerTimeoutMs) {
      return new Promise((resolve, reject) => {
        const undoTimer = clock.after(timeoutMs, () => {
          reject(new Unanswered(`no answer within ${timeoutMs / 1000} s`))
          dispose()
        })
        const fail = (error: Error): void => {
          undoTimer()
          reject(error)
        }
        const dispose = client.subscribe(
          { query: operation.query, variables: variables as Record<string, unknown> },
          {
            next: ({ data, errors }) => {
              if (errors?.length) return fail(toRefused(errors))
              undoTimer()
              resolve(data as never)
            },
            error: (error) => fail(toFailure(error)),
            // Reached without `next` only when the link was closed by ourselves.
            complete: () => fail(new Unanswered('the link was closed')),
          },
        )
      })
    },

    watch: (operation, variables, onNext, onEnd) =>
      client.subscribe(
        { query: operation.query, variables: variables as Record<string, unknown> },
        {
          next: ({ data, errors }) => (errors?.length ? onEnd(toRefused(errors)) : onNext(data as never)),
          error: (error) => onEnd(toFailure(error)),
          complete: () => onEnd(null),
        },
      ),
  }
  return opened.promise
}

/** graphql-ws hands over a list of GraphQL errors, a close event, or an error of its own. */
function toFailure(error: unknown): Error {
  if (Array.isArray(error)) return toRefused(error as { message?: unknown; extensions?: unknown }[])
  if (error instanceof Error) return new Unanswered(error.message, { cause: error })
  const { code, reason } = error as { code?: number; reason?: string }
  return new Unanswered(`the link closed with code ${code ?? 1006}${reason ? `: ${reason}` : ''}`)
}
