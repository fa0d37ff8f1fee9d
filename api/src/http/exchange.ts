// One HTTP request and its answer, with what every route needs: who sent it, its id, a bounded body, and answers in one form.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Origin } from '@sindri/schema'
import { badInput, Fault, FAULTS } from '@sindri/schema/contract/codes'
import { LIMITS } from '@sindri/schema/contract/limits'
import type { Log } from '../platform/log.ts'
import { headersOf, toShown } from './shown.ts'

export interface Exchange {
  req: IncomingMessage
  res: ServerResponse
  /** Without query. */
  path: string
  query: URLSearchParams
  origin: Origin
  /** Carries the request id. */
  log: Log
}

/** Bytes of a refused body that are still taken off the wire, so that its sender lives to read the refusal. */
const DRAIN_BYTES = 16 * 1024 * 1024

const readBytes = ({ req }: Exchange, maxBytes: number): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    req.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= maxBytes) return void chunks.push(chunk)
      chunks.length = 0
      reject(new Fault('TOO_LARGE', `Expected a body of at most ${maxBytes} bytes, got more.`))
      if (bytes > DRAIN_BYTES) req.destroy()
    })
    req.on('end', () => resolve(Buffer.concat(chunks)))
    req.on('error', () => reject(new Fault('BAD_INPUT', 'Expected a whole body, got a part of one.')))
  })

/** Reads the body as UTF-8 that is really UTF-8; throws TOO_LARGE or BAD_INPUT. */
export const readText = async (exchange: Exchange, maxBytes: number = LIMITS.frameBytes): Promise<string> => {
  const encoding = exchange.req.headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity') throw badInput('content-encoding', 'none', encoding)
  const bytes = await readBytes(exchange, maxBytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new Fault('BAD_INPUT', 'Expected a body in UTF-8, got other bytes.')
  }
}

export const sendText = ({ req, res }: Exchange, status: number, contentType: string, text: string): void => {
  const body = Buffer.from(text)
  res.writeHead(status, { 'content-type': contentType, 'content-length': body.length })
  res.end(req.method === 'HEAD' ? undefined : body)
}

export const sendJson = (exchange: Exchange, status: number, value: unknown): void => {
  exchange.res.setHeader('cache-control', 'no-store')
  sendText(exchange, status, 'application/json; charset=utf-8', JSON.stringify(value))
}

/** Errors look the same on every route: as GraphQL has them. */
export const sendFault = (exchange: Exchange, error: unknown, status?: number): void => {
  const { res, origin, log } = exchange
  const { code, message, extensions } = toShown(error, origin.requestId, log)
  if (res.headersSent) return void res.destroy()
  exchange.req.resume()
  res.setHeaders(headersOf(extensions))
  sendJson(exchange, status ?? FAULTS[code].http, { errors: [{ message, extensions }] })
}

export const noSuchAddress = ({ path }: Exchange): Fault =>
  new Fault('NOT_FOUND', `Expected an address of this console, got ${path.slice(0, 80)}.`)
