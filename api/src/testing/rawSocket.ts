// A WebSocket that says exactly what a test wants, and hands out what comes back in order.
import { once } from 'node:events'
import { NONCE_HEADER } from '@sindri/schema/contract/protocol'
import { WebSocket } from 'ws'
import type { Json } from './client.ts'

export interface RawSocket {
  ws: WebSocket
  /** What an agent signs on this socket. */
  nonce: string
  /** Text as it is; anything else as JSON. */
  send(message: unknown): void
  /** The next message; rejects when the socket closes first. */
  next(): Promise<Json>
  /** connection_init and its acknowledgement. */
  init(payload?: unknown): Promise<Json>
  closed: Promise<{ code: number; reason: string }>
}

export interface RawOptions {
  headers?: Record<string, string>
  protocols?: string[]
  path?: string
}

export const openRawSocket = async (
  url: string,
  { headers = {}, protocols = ['graphql-transport-ws'], path = '/graphql' }: RawOptions = {},
): Promise<RawSocket> => {
  const ws = new WebSocket(url.replace(/^http/, 'ws') + path, protocols, { headers })
  let nonce = ''
  ws.on('upgrade', (response) => (nonce = String(response.headers[NONCE_HEADER])))
  const arrived: Json[] = []
  const waiting: PromiseWithResolvers<Json>[] = []
  const closed = Promise.withResolvers<{ code: number; reason: string }>()
  let ended: Error | undefined
  ws.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString()) as Json
    const reader = waiting.shift()
    if (reader) reader.resolve(message)
    else arrived.push(message)
  })
  ws.on('close', (code, reason) => {
    closed.resolve({ code, reason: String(reason) })
    ended = new Error(`the socket closed with ${code}: ${String(reason)}`)
    for (const reader of waiting.splice(0)) reader.reject(ended)
  })
  await once(ws, 'open')
  ws.on('error', () => {})

  const socket: RawSocket = {
    ws,
    nonce,
    send: (message) =>
      ws.send(typeof message === 'string' || message instanceof Buffer ? message : JSON.stringify(message)),
    next() {
      const message = arrived.shift()
      if (message) return Promise.resolve(message)
      if (ended) return Promise.reject(ended)
      const reader = Promise.withResolvers<Json>()
      waiting.push(reader)
      return reader.promise
    },
    init(payload) {
      socket.send({ type: 'connection_init', ...(payload !== undefined && { payload }) })
      return socket.next()
    },
    closed: closed.promise,
  }
  return socket
}

/** How an upgrade that is refused is answered. */
export const refusalOf = async (
  url: string,
  options: RawOptions,
): Promise<{ status: number; body: Json; retryAfter: string | undefined }> => {
  const { headers = {}, protocols = ['graphql-transport-ws'], path = '/graphql' } = options
  const ws = new WebSocket(url.replace(/^http/, 'ws') + path, protocols, { headers })
  ws.on('error', () => {})
  return new Promise((resolve, reject) => {
    ws.on('open', () => reject(new Error('expected a refusal, got a socket')))
    ws.on('unexpected-response', (_, res) => {
      let text = ''
      res.on('data', (chunk: Buffer) => (text += chunk.toString()))
      res.on('end', () =>
        resolve({
          status: res.statusCode ?? 0,
          body: JSON.parse(text || '{}') as Json,
          retryAfter: res.headers['retry-after'],
        }),
      )
    })
  })
}
