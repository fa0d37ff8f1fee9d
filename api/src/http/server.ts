// The console's one HTTP server: checks who is addressed and from where, gives each request an id, and finishes what it began before it ends.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Fault } from '@sindri/schema/contract/codes'
import type { Clock } from '../platform/clock.ts'
import type { Ids } from '../platform/ids.ts'
import type { Log } from '../platform/log.ts'
import { type Exchange, noSuchAddress, sendFault } from './exchange.ts'
import { setSecurityHeaders } from './headers.ts'
import type { Origins } from './origin.ts'
import type { Sockets } from './sockets.ts'

export type Handle = (exchange: Exchange) => Promise<void>

export interface ServerDeps {
  /** By path; what is not here, nor below one of these, is an address of the page. */
  routes: Readonly<Record<string, Handle>>
  page: Handle
  upgrade: Sockets['upgrade']
  /** Ends what stays connected. */
  drain(): Promise<void>
  origins: Origins
  clock: Clock
  ids: Ids
  log: Log
}

export interface HttpServer {
  /** Resolves with the port, which is another one where 0 was asked for. */
  listen(host: string, port: number): Promise<number>
  /** Accepts nothing more, answers what was asked, and cuts what takes longer than `graceMs`. */
  drain(graceMs: number): Promise<void>
}

/** Connections that wait to be accepted: thousands of agents come within a moment, and one that finds no place tries again only after seconds. Linux grants somaxconn at most. */
const BACKLOG = 4_096
/** Longer than proxies keep theirs, so that it is never we who close under a request. */
const KEEP_ALIVE_MS = 65_000
const HEADERS_WITHIN_MS = 15_000
const REQUEST_WITHIN_MS = 60_000

/** The address cannot be listened on; the message is one clear line. */
class CannotListen extends Error {
  override readonly name = 'CannotListen'
}

const why: Record<string, (host: string, port: number) => string> = {
  EADDRINUSE: (host, port) => `PORT: expected a free port, got ${port}, which another program on ${host} uses.`,
  EACCES: (_, port) => `PORT: expected a port this user may listen on, got ${port}.`,
  EADDRNOTAVAIL: (host) => `HOST: expected an address of this machine, got ${host}.`,
  ENOTFOUND: (host) => `HOST: expected an address of this machine, got ${host}.`,
}

export const createHttpServer = ({
  routes,
  page,
  upgrade,
  drain,
  origins,
  clock,
  ids,
  log,
}: ServerDeps): HttpServer => {
  const toExchange = (req: IncomingMessage, res: ServerResponse): Exchange => {
    const requestId = ids.make('request')
    const url = req.url ?? '/'
    const mark = url.indexOf('?')
    const [path, search] = mark < 0 ? [url, ''] : [url.slice(0, mark), url.slice(mark + 1)]
    const origin = { ip: origins.ipOf(req), userAgent: req.headers['user-agent']?.slice(0, 400) ?? null, requestId }
    return { req, res, path, query: new URLSearchParams(search), origin, log: log.with({ requestId }) }
  }

  const below = Object.keys(routes).map((route) => `${route}/`)

  /** Begun and not ended. */
  const answering = new Set<ServerResponse>()

  const handle = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const startedMs = clock.monotonicMs()
    const exchange = toExchange(req, res)
    const { path, origin } = exchange
    setSecurityHeaders(res, origin.requestId, origins.isSecure(req))
    answering.add(res)
    res.once('close', () => {
      answering.delete(res)
      exchange.log.debug('request', {
        method: req.method,
        path: path.slice(0, 200),
        status: res.statusCode,
        ip: origin.ip,
        tookMs: Math.round(clock.monotonicMs() - startedMs),
      })
    })
    try {
      const expected = origins.wrongHost(req)
      if (expected)
        return sendFault(
          exchange,
          new Fault('FORBIDDEN', `Host: expected ${expected}, got ${(req.headers.host ?? 'none').slice(0, 80)}.`),
          421,
        )
      const route = routes[path]
      // A probe of "/healthz/" must not take the page for the console's health.
      if (!route && below.some((known) => path.startsWith(known))) throw noSuchAddress(exchange)
      await (route ?? page)(exchange)
    } catch (error) {
      sendFault(exchange, error)
    }
  }

  const server: Server = createServer(
    {
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: HEADERS_WITHIN_MS,
      requestTimeout: REQUEST_WITHIN_MS,
      maxHeaderSize: 16 * 1024,
    },
    (req, res) => void handle(req, res),
  )
  server.on('upgrade', upgrade)

  return {
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        server.once('error', (error: NodeJS.ErrnoException) => {
          const line = why[error.code ?? '']?.(host, port)
          reject(line ? new CannotListen(line, { cause: error }) : error)
        })
        server.listen({ port, host, backlog: BACKLOG }, () => {
          server.on('error', (error) => log.error('the server met an error', { error }))
          resolve((server.address() as AddressInfo).port)
        })
      }),

    async drain(graceMs) {
      if (!server.listening) return
      // Closes idle connections too; the others end with the answer they wait for, not when they have been idle for long enough.
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()))
      for (const res of answering) res.shouldKeepAlive = false
      const cancel = clock.after(graceMs, () => server.closeAllConnections())
      await drain()
      await closed
      cancel()
    },
  }
}
