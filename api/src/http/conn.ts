// One WebSocket: sends without growing memory without bound, closes with a reason that arrives or gives up, and knows how long it was silent.
import { CLOSE, type CloseName } from '@sindri/schema/contract/protocol'
import type { Origin } from '@sindri/schema'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import { toBytes } from '../platform/text.ts'
import type { Connection } from './connections.ts'

const MiB = 1024 * 1024

/** Bytes handed to a socket that the network has not taken. */
export const BUFFER = {
  /** Above this whoever sends is made to wait, so that the bounded queues behind it do their work. */
  highWaterBytes: 1 * MiB,
  /** Above this for `slowMs` the reader is too slow; above `maxBytes` it is at once. */
  slowBytes: 8 * MiB,
  slowMs: 10_000,
  /** Above the high water, with nothing taken for so long, the reader stands still, be it that it speaks. Sooner than its silence would end it. */
  stuckMs: 20_000,
  maxBytes: 32 * MiB,
} as const

export const PING_MS = 15_000
export const SILENT_MS = 30_000
/** What a peer gets to answer the closing handshake. */
export const CLOSE_WITHIN_MS = 2_000
const asText = { binary: false }
/** A close frame has room for no more. */
const REASON_BYTES = 123

/** Close codes of graphql-transport-ws and WebSocket that are not ours to name. */
export const PLAIN_CLOSE = {
  BAD_MESSAGE: { code: 4400, meaning: 'Expected a message of graphql-transport-ws as text.' },
  /** Clients of graphql-ws come back after it. */
  TRY_AGAIN: { code: 1013, meaning: 'A part of the console does not answer now; try again.' },
} as const

export type AnyClose = CloseName | keyof typeof PLAIN_CLOSE

export interface Conn extends Connection {
  readonly ws: WebSocket
  readonly nonce: string
  /** From a page of this console: only then its cookie counts. */
  readonly sameOrigin: boolean
  /** Operations begun and not answered; subscriptions count until they end. */
  running: number
  /** Of these, the ones that will end by themselves. */
  answering: number
  answered(): void
  /** With what it was closed from here; null where the far side did. */
  closedWith: number | null
  /** Resolves when the next value may be fetched; at once while the reader keeps up. */
  send(text: string): void | Promise<void>
  close(name: AnyClose, message?: string): void
  /** With a code of graphql-transport-ws. */
  closePlain(code: number, reason: string): void
  heard(): void
}

const reasonOf = (text: string): string => {
  const bytes = Buffer.from(text)
  // A character that is cut in two decodes to the replacement character.
  return bytes.length <= REASON_BYTES
    ? text
    : `${bytes
        .subarray(0, REASON_BYTES - 3)
        .toString()
        .replace(/\uFFFD$/, '')}…`
}

export interface ConnOptions {
  ws: WebSocket
  /** Below it. */
  socket: Duplex
  nonce: string
  origin: Origin
  sameOrigin: boolean
  clock: Clock
  log: Log
  onHeard?: (conn: Conn) => void
}

export const openConn = ({ ws, socket, nonce, origin, sameOrigin, clock, log, onHeard }: ConnOptions): Conn => {
  const gone = Promise.withResolvers<void>()
  let heardMs = clock.monotonicMs()
  let pingedMs = heardMs
  let slowSinceMs: number | null = null
  let handedBytes = 0
  /** Of these, the most that was known to be out, and since when it has not grown. */
  let takenBytes = 0
  let takenMs = heardMs
  let closing = false
  let gathering = false
  let nowIdle = Promise.withResolvers<void>()

  ws.once('close', () => gone.resolve())
  ws.on('error', (error) => log.debug('a socket failed', { requestId: origin.requestId, error: error.message }))

  /** What one turn has for it leaves in one write: an answer and its end, several answers of one commit. A write costs as much as an answer. */
  const gather = (): void => {
    if (gathering) return
    gathering = true
    socket.cork()
    // Behind all promises that are settled now.
    queueMicrotask(() =>
      process.nextTick(() => {
        gathering = false
        socket.uncork()
      }),
    )
  }

  const conn: Conn = {
    ws,
    nonce,
    origin,
    sameOrigin,
    viewer: null,
    credential: null,
    running: 0,
    answering: 0,
    closed: gone.promise,
    closedWith: null,

    answered() {
      conn.answering -= 1
      if (conn.answering > 0) return
      nowIdle.resolve()
      nowIdle = Promise.withResolvers()
    },

    idle: () => (conn.answering === 0 ? Promise.resolve() : nowIdle.promise),

    send(text) {
      if (ws.readyState !== ws.OPEN) return
      const buffered = ws.bufferedAmount
      if (buffered > BUFFER.maxBytes) return conn.close('SLOW_CONSUMER')
      const bytes = toBytes(text)
      handedBytes += bytes.length
      gather()
      if (buffered < BUFFER.highWaterBytes) return ws.send(bytes, asText)
      // Resolves when this one is out, or the socket is gone.
      return new Promise((resolve) => ws.send(bytes, asText, () => resolve()))
    },

    close(name, message) {
      const { code, meaning } = name in CLOSE ? CLOSE[name as CloseName] : PLAIN_CLOSE[name as keyof typeof PLAIN_CLOSE]
      conn.closePlain(code, message ?? meaning)
    },

    closePlain(code, reason) {
      if (closing) return
      closing = true
      conn.closedWith = code
      ws.close(code, reasonOf(reason))
      const giveUp = clock.after(CLOSE_WITHIN_MS, () => ws.terminate())
      void gone.promise.then(giveUp)
    },

    heard() {
      heardMs = clock.monotonicMs()
      onHeard?.(conn)
    },

    look(lateMs) {
      const nowMs = clock.monotonicMs()
      // While this process stood still it could hear nobody.
      heardMs += lateMs
      takenMs += lateMs
      if (nowMs - heardMs >= SILENT_MS) return ws.terminate()
      if (nowMs - pingedMs >= PING_MS && ws.readyState === ws.OPEN) {
        pingedMs = nowMs
        ws.ping()
      }
      const buffered = ws.bufferedAmount
      if (buffered < BUFFER.highWaterBytes || handedBytes - buffered > takenBytes) {
        takenBytes = handedBytes - buffered
        takenMs = nowMs
      } else if (nowMs - takenMs >= BUFFER.stuckMs) conn.close('SLOW_CONSUMER')
      if (buffered <= BUFFER.slowBytes) slowSinceMs = null
      else if (nowMs - (slowSinceMs ??= nowMs) >= BUFFER.slowMs) conn.close('SLOW_CONSUMER')
    },
  }
  return conn
}
