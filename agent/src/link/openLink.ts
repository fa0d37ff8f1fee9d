// One connection to the console: signed for its socket, with operations that are answered, refused or left unanswered.
import { show } from '@sindri/schema/contract/codes'
import { type AgentAck, type AgentInit, linkStatement, NONCE_HEADER, PROTOCOL } from '@sindri/schema/contract/protocol'
import { LIMITS } from '@sindri/schema/contract/limits'
import { type KeyObject, sign } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import WebSocket from 'ws'
import type { Clock, Undo } from '../platform/clock.ts'
import { oneLine, toBytes } from '../platform/text.ts'
import { readAck } from './ack.ts'
import { isLinkUrl, readAnswer } from './answers.ts'
import type { Operation } from './gql/graphql.ts'
import { createOperations, toUnanswered, type Written } from './operations.ts'
import { toRefused, toRetryAfterMs, Unanswered } from './refused.ts'
import { type Silence, watchSilence } from './silence.ts'

export interface LinkOptions {
  url: string
  privateKey: KeyObject
  init: Omit<AgentInit, 'kind' | 'protocolVersion' | 'signature'>
  clock: Clock
  /** Ends the link, also while it is only being made. */
  signal?: AbortSignal
  /** Connecting and the handshake together. */
  connectTimeoutMs?: number
  /** A silent peer is asked for a sign of life after this, and has as long to give it. */
  pingMs?: number
}

export interface Closed {
  /** Close code of the socket; 1006 where there was none. */
  code: number
  reason: string
  /** null: nobody said when to come back. */
  retryAfterMs: number | null
}

export interface Link {
  ack: AgentAck
  /** Monotonic times between which the acknowledgement was made; for learning the console's clock. */
  askedMs: number
  heardMs: number
  /** Signs a nonce for this very link. */
  sign(nonce: string): string
  /** Throws `Refused`, or `Unanswered` when the link ends or the time is over. */
  ask<Result, Variables>(
    operation: Operation<Result, Variables>,
    variables: Variables | Written,
    timeoutMs?: number,
  ): Promise<Result>
  /** What comes is as the console sent it, unchecked. `onEnd` is called when the stream ends while the link stays. */
  watch<Result>(
    operation: Operation<Result, Record<string, never>>,
    onNext: (data: unknown) => void,
    onEnd: (error: Error | null) => void,
  ): Undo
  /** Monotonic time of the last thing that a watch brought. */
  broughtMs(): number | null
  /** Resolves when nothing that was asked waits for its answer. */
  idle(): Promise<void>
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
/** What the peer gets to answer a closing handshake; a dead one never would. */
const closeWithinMs = 500

export function openLink(options: LinkOptions): Promise<Link> {
  const { url, privateKey, init, clock, signal, connectTimeoutMs = 15_000, pingMs = 10_000 } = options
  const opened = Promise.withResolvers<Link>()
  const closed = Promise.withResolvers<Closed>()
  const askedMs = clock.monotonicMs()
  // The constructor of the socket would throw.
  if (!isLinkUrl(url)) {
    return Promise.reject(
      new NoLink({ code: 1006, reason: `expected the address of a WebSocket, got ${show(url)}`, retryAfterMs: null }),
    )
  }
  let nonce: string | undefined
  let silence: Silence | undefined
  let reason = ''
  let retryAfterMs: number | null = null
  let undoClosing: Undo | null = null
  /** Nothing is asked any more. */
  let isOver = false
  /** What it says more is nobody's. */
  let isSpoilt = false
  let asked = 0
  let broughtMs: number | null = null
  let nowIdle = Promise.withResolvers<void>()

  const socket = new WebSocket(url, 'graphql-transport-ws', { maxPayload: LIMITS.frameBytes, perMessageDeflate: false })
  socket.on('upgrade', (response) => {
    const header = response.headers[NONCE_HEADER]
    if (typeof header === 'string') nonce = header
  })
  socket.on('unexpected-response', (_, response) => {
    const { statusCode, headers } = response
    reason ||= `expected a WebSocket, got status ${statusCode}${headers.location ? ` to ${oneLine(headers.location)}` : ''}`
    retryAfterMs = toRetryAfterMs(headers['retry-after'])
    // A console says why, such as that it goes by another name.
    void readFault(response).then((fault) => {
      if (fault !== null) reason += `: ${fault}`
      socket.terminate()
    })
  })
  for (const event of ['message', 'ping', 'pong'] as const) socket.on(event, () => silence?.heard())
  socket.on('open', () => {
    if (nonce === undefined) return shut(`expected the header ${NONCE_HEADER}, got none: is this a Sindri console?`)
    const payload: AgentInit = {
      ...init,
      kind: 'agent',
      protocolVersion: `${PROTOCOL.major}.${PROTOCOL.minor}`,
      signature: signFor(nonce),
    }
    socket.send(JSON.stringify({ type: 'connection_init', payload }))
  })
  socket.on('message', (data: Buffer, isBinary) => {
    if (isSpoilt) return
    try {
      if (isBinary) throw new Error('expected a message as text, got bytes')
      operations.hear(data.toString())
    } catch (error) {
      isSpoilt = true
      shut((error as Error).message)
    }
  })
  socket.on('error', (error) => shut(error.message || 'the socket failed'))
  socket.on('close', (code, why) => end(code, oneLine(String(why))))

  const operations = createOperations({
    send: (text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(toBytes(text), { binary: false })
    },
    onAck(payload) {
      undoDeadline()
      try {
        const link: Link = { ...linked, ack: readAck(payload), askedMs, heardMs: clock.monotonicMs() }
        silence = watchSilence({
          clock,
          pingMs,
          ping: () => socket.send('{"type":"ping"}'),
          dead() {
            reason ||= `no sign of life for ${(2 * pingMs) / 1000} s`
            socket.terminate()
          },
        })
        opened.resolve(link)
      } catch (error) {
        opened.reject(error)
        shut((error as Error).message)
      }
    },
  })

  const signFor = (text: string): string =>
    sign(null, Buffer.from(linkStatement(text, init.instance, init.run)), privateKey).toString('base64url')

  function shut(why: string): void {
    reason ||= why
    isOver = true
    if (socket.readyState === WebSocket.CONNECTING) return socket.terminate()
    socket.close(1000)
    undoClosing ??= clock.after(closeWithinMs, () => socket.terminate())
  }

  const close = (): void => shut('closed by this agent')
  signal?.addEventListener('abort', close)
  const undoDeadline = clock.after(connectTimeoutMs, () => {
    shut(`no link within ${connectTimeoutMs / 1000} s`)
    socket.terminate()
  })

  function end(code: number, why: string): void {
    undoDeadline()
    undoClosing?.()
    signal?.removeEventListener('abort', close)
    silence?.stop()
    isOver = true
    operations.end(toUnanswered(code, why))
    const gone = { code, reason: reason || why, retryAfterMs }
    closed.resolve(gone)
    opened.reject(new NoLink(gone))
  }

  const linked: Omit<Link, 'ack' | 'askedMs' | 'heardMs'> = {
    closed: closed.promise,
    sign: signFor,
    close,
    broughtMs: () => broughtMs,
    idle: () => (asked === 0 ? Promise.resolve() : nowIdle.promise),

    async ask(operation, variables, timeoutMs = answerTimeoutMs) {
      if (isOver) throw new Unanswered('the link has ended')
      asked++
      const answer = Promise.withResolvers<unknown>()
      let hasAnswer = false
      const dispose = operations.begin(operation, variables, {
        next({ data, errors }) {
          hasAnswer = true
          if (errors) answer.reject(toRefused(errors))
          else answer.resolve(data)
        },
        end(error) {
          // An error that nobody will see is not made.
          if (!hasAnswer) answer.reject(error ?? new Unanswered('the console ended the operation without an answer'))
        },
      })
      const undoTimer = clock.after(timeoutMs, () => {
        answer.reject(new Unanswered(`no answer within ${timeoutMs / 1000} s`))
        dispose()
      })
      try {
        return readAnswer(operation, await answer.promise)
      } finally {
        undoTimer()
        if (--asked === 0) {
          nowIdle.resolve()
          nowIdle = Promise.withResolvers()
        }
      }
    },

    watch(operation, onNext, onEnd) {
      const ended = (error: Error | null): void => {
        if (!isOver) onEnd(error)
      }
      return operations.begin(
        operation,
        {},
        {
          next({ data, errors }) {
            if (errors) return ended(toRefused(errors))
            broughtMs = clock.monotonicMs()
            onNext(data)
          },
          end: ended,
        },
      )
    },
  }
  if (signal?.aborted) close()
  return opened.promise
}

const faultBytes = 4096

/** The message in the JSON of a console that does not answer an upgrade; null for whatever else may stand there. */
async function readFault(response: IncomingMessage): Promise<string | null> {
  try {
    let text = ''
    for await (const chunk of response.setEncoding('utf8')) {
      text += String(chunk)
      if (text.length > faultBytes) return null
    }
    const { errors } = JSON.parse(text) as { errors?: unknown }
    return Array.isArray(errors) ? toRefused(errors).message : null
  } catch {
    return null
  }
}
