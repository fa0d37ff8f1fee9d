// GraphQL over WebSocket (graphql-transport-ws): every socket is let in by who it is, within limits, and served.
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Origin, Ports } from '@sindri/schema'
import { type FaultCode, FAULTS, show } from '@sindri/schema/contract/codes'
import { LIMITS } from '@sindri/schema/contract/limits'
import { CLOSE, NONCE_HEADER } from '@sindri/schema/contract/protocol'
import { handleProtocols } from 'graphql-ws'
import { WebSocketServer } from 'ws'
import type { Clock } from '../platform/clock.ts'
import type { Ids } from '../platform/ids.ts'
import type { Log } from '../platform/log.ts'
import { networkOf } from '../platform/network.ts'
import { newSecret } from '../platform/secrets.ts'
import { type Admission, createAdmission, type Links } from './admission.ts'
import { type Conn, type ConnOptions, openConn, PLAIN_CLOSE } from './conn.ts'
import type { Connections } from './connections.ts'
import { sessionTokenOf } from './cookies.ts'
import type { Lane } from './lane.ts'
import type { Limiter } from './limits.ts'
import type { Operations } from './operations.ts'
import type { Origins } from './origin.ts'
import { createServeSocket } from './serveSocket.ts'
import type { Authenticate } from './viewer.ts'

export interface SocketsDeps {
  operations: Operations
  lane: Lane
  ports: Ports
  connections: Connections
  authenticate: Authenticate
  links: Links
  origins: Origins
  /** Handshakes that failed, by address. */
  failedSockets: Limiter
  clock: Clock
  ids: Ids
  log: Log
}

export interface Sockets {
  /** Takes over an upgrade request of the server. */
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void
  count(): Record<string, number>
}

/** Sockets that have not said who they are: as many as a mass return brings at one moment. */
const PENDING_MAX = 3_000
/** Whoever would wait longer to come in comes back later: an agent gives a handshake 15 s, and then all was in vain; what is said here is a guess. */
const WAIT_MAX_MS = 6_000
/** Together with what an agent adds by itself, less than the silence after which it would count as lost. */
const RETRY_MAX_S = 10
/** Refused for a reason of ours. */
const OURS: ReadonlySet<number | null> = new Set([PLAIN_CLOSE.TRY_AGAIN.code, CLOSE.RESTARTING.code])

const refuse = (socket: Duplex, status: string, code: FaultCode, message: string, headers = ''): void => {
  const body = JSON.stringify({ errors: [{ message, extensions: { code, retry: FAULTS[code].retry } }] })
  socket.end(
    `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n${headers}\r\n${body}`,
  )
}

export const createSockets = (deps: SocketsDeps): Sockets => {
  const { connections, authenticate, links, origins, failedSockets, clock, ids, log } = deps
  const conns = new Set<Conn>()
  const pending = new Set<Conn>()
  const nonces = new WeakMap<IncomingMessage, string>()
  const admission: Admission = createAdmission({ authenticate, links, isTooMany: connections.isTooMany })

  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: LIMITS.frameBytes,
    perMessageDeflate: false,
    // What comes is unmasked by bufferutil, which ws finds by itself; where it does not run, ws does it, and a flood costs a third more.
    handleProtocols,
  })
  server.on('headers', (headers, req) => void headers.push(`${NONCE_HEADER}: ${nonces.get(req)}`))

  const serveSocket = createServeSocket({ ...deps, state: connections })
  const onHeard = ({ viewer }: Conn): void => {
    if (viewer?.kind === 'agent') links.heard(viewer)
  }

  const open = (facts: Omit<ConnOptions, 'clock' | 'log' | 'onHeard'>, sessionToken: string | undefined): void => {
    const conn = openConn({ ...facts, clock, log, onHeard })
    conns.add(conn)
    connections.add(conn)
    pending.add(conn)
    const closed = serveSocket(conn, async (payload) => {
      const before = connections.endings
      const ack = await admission.admit(conn, sessionToken, payload)
      pending.delete(conn)
      // Whose access ended while it came in may have been read before that, and was nobody yet when it was told.
      if (before !== connections.endings) await connections.judge(conn)
      return ack
    })
    conn.ws.once('close', (code, reason) => {
      conns.delete(conn)
      // It never came in: it was refused, or held a place without a word.
      if (pending.delete(conn) && !OURS.has(conn.closedWith)) failedSockets.charge(networkOf(conn.origin.ip))
      if (conn.viewer?.kind === 'agent') links.closed(conn.viewer)
      void closed(code, String(reason))
    })
  }

  const accept = (req: IncomingMessage, socket: Duplex, head: Buffer, origin: Origin): void => {
    const nonce = newSecret()
    nonces.set(req, nonce)
    const sameOrigin = origins.isSameOrigin(req)
    const sessionToken = sessionTokenOf(req)
    // The request is over once it is answered: a socket that referred to it would keep its headers for as long as it is open.
    server.handleUpgrade(req, socket, head, (ws) => open({ ws, socket, nonce, origin, sameOrigin }, sessionToken))
  }

  return {
    upgrade(req, socket, head) {
      socket.on('error', () => socket.destroy())
      const ip = origins.ipOf(req)
      const origin: Origin = {
        ip,
        userAgent: req.headers['user-agent']?.slice(0, 400) ?? null,
        requestId: ids.make('request'),
      }
      const path = (req.url ?? '').split('?')[0]
      if (path !== '/graphql')
        return refuse(socket, '404 Not Found', 'NOT_FOUND', `Expected the path /graphql, got ${show(path)}.`)
      const expected = origins.wrongHost(req)
      if (expected)
        return refuse(
          socket,
          '421 Misdirected Request',
          'FORBIDDEN',
          `Host: expected ${expected}, got ${show(req.headers.host)}.`,
        )
      if (req.headers.origin !== undefined && !origins.isSameOrigin(req))
        return refuse(
          socket,
          '403 Forbidden',
          'FORBIDDEN',
          `Origin: expected a page of this console, got ${show(req.headers.origin)}.`,
        )
      if (connections.draining)
        return refuse(socket, '503 Service Unavailable', 'RESTARTING', 'The console restarts.', 'retry-after: 1\r\n')
      // Pages wait for no agent.
      const waitMs = req.headers.origin === undefined ? pending.size * links.eachMs() : 0
      if (pending.size >= PENDING_MAX || waitMs > WAIT_MAX_MS) {
        links.turnedAway()
        return refuse(
          socket,
          '503 Service Unavailable',
          'UNAVAILABLE',
          'Too many connect at this moment.',
          `retry-after: ${Math.min(RETRY_MAX_S, Math.max(2, Math.ceil(waitMs / 1000)))}\r\n`,
        )
      }
      const retryAfterMs = failedSockets.wait(networkOf(ip))
      if (retryAfterMs > 0)
        return refuse(
          socket,
          '429 Too Many Requests',
          'RATE_LIMITED',
          'Too many failed connections.',
          `retry-after: ${Math.ceil(retryAfterMs / 1000)}\r\n`,
        )
      accept(req, socket, head, origin)
    },

    count() {
      const counts: Record<string, number> = { pending: 0, user: 0, key: 0, agent: 0 }
      for (const { viewer } of conns) counts[viewer?.kind ?? 'pending'] = (counts[viewer?.kind ?? 'pending'] ?? 0) + 1
      return counts
    },
  }
}
