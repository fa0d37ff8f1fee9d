// GraphQL over WebSocket (graphql-transport-ws): every socket belongs to a principal, is judged again when access ends, and is told before the console goes.
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Origin, Ports } from '@sindri/schema'
import { type FaultCode, FAULTS, show } from '@sindri/schema/contract/codes'
import { LIMITS } from '@sindri/schema/contract/limits'
import { CLOSE, type CloseName, NONCE_HEADER } from '@sindri/schema/contract/protocol'
import { handleProtocols } from 'graphql-ws'
import { WebSocketServer } from 'ws'
import { type Bus, gap } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import type { Ids } from '../platform/ids.ts'
import type { Log } from '../platform/log.ts'
import { networkOf } from '../platform/network.ts'
import { newSecret } from '../platform/secrets.ts'
import { type AccessEnded, topics } from '../platform/topics.ts'
import { type Admission, createAdmission, type Links } from './admission.ts'
import { type Conn, openConn, PLAIN_CLOSE } from './conn.ts'
import type { Limiter } from './limits.ts'
import type { Operations } from './operations.ts'
import type { Origins } from './origin.ts'
import { serveSocket } from './serveSocket.ts'
import type { Authenticate } from './viewer.ts'

export interface SocketsDeps {
  operations: Operations
  ports: Ports
  authenticate: Authenticate
  links: Links
  bus: Bus
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
  /** Begins to watch over them; the undo ends that. */
  start(): Promise<() => Promise<void>>
  /** Answers what was asked, then tells everybody that the console restarts. */
  drain(): Promise<void>
}

const LOOK_MS = 1_000
/** Sessions and keys expire by themselves, and a notice may have been lost. */
const JUDGE_MS = 60_000
/** Sockets that have not said who they are: as many as a mass return brings at one moment. */
const PENDING_MAX = 2_000
/** Refused for a reason of ours. */
const OURS: ReadonlySet<number | null> = new Set([PLAIN_CLOSE.TRY_AGAIN.code, CLOSE.RESTARTING.code])
/** What answers may take while the console goes down. */
const ANSWER_WITHIN_MS = 2_000

const refuse = (socket: Duplex, status: string, code: FaultCode, message: string, headers = ''): void => {
  const body = JSON.stringify({ errors: [{ message, extensions: { code, retry: FAULTS[code].retry } }] })
  socket.end(
    `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n${headers}\r\n${body}`,
  )
}

export const createSockets = (deps: SocketsDeps): Sockets => {
  const { authenticate, links, bus, origins, failedSockets, clock, ids, log } = deps
  const conns = new Set<Conn>()
  const pending = new Set<Conn>()
  const nonces = new WeakMap<IncomingMessage, string>()
  const state = { draining: false }
  /** Notices so far that somebody's access ended. */
  let endings = 0
  const admission: Admission = createAdmission({
    authenticate,
    links,
    countOf: (id) => [...conns].filter((conn) => conn.viewer && 'id' in conn.viewer && conn.viewer.id === id).length,
  })

  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: LIMITS.frameBytes,
    perMessageDeflate: false,
    handleProtocols,
  })
  server.on('headers', (headers, req) => void headers.push(`${NONCE_HEADER}: ${nonces.get(req)}`))

  const accept = (req: IncomingMessage, socket: Duplex, head: Buffer, origin: Origin): void => {
    const nonce = newSecret()
    nonces.set(req, nonce)
    server.handleUpgrade(req, socket, head, (ws) => {
      const conn = openConn({
        ws,
        nonce,
        origin,
        sameOrigin: origins.isSameOrigin(req),
        clock,
        log: log.with({ requestId: origin.requestId }),
        onHeard: ({ viewer }) => viewer?.kind === 'agent' && links.heard(viewer),
      })
      conns.add(conn)
      pending.add(conn)
      const closed = serveSocket({
        ...deps,
        conn,
        state,
        admit: async (payload) => {
          const before = endings
          const ack = await admission.admit(conn, req, payload)
          pending.delete(conn)
          // Whose access ended while it came in may have been read before that, and was nobody yet when it was told.
          if (before !== endings) await judgeAgain(conn)
          return ack
        },
      })
      ws.once('close', (code, reason) => {
        conns.delete(conn)
        // It never came in: it was refused, or held a place without a word.
        if (pending.delete(conn) && !OURS.has(conn.closedWith)) failedSockets.charge(networkOf(origin.ip))
        if (conn.viewer?.kind === 'agent') links.closed(conn.viewer)
        void closed(code, String(reason))
      })
    })
  }

  const judgeOne = async (conn: Conn): Promise<void> => {
    const { credential, viewer } = conn
    if (!credential || credential.kind === 'agent' || !viewer) return
    const fresh =
      credential.kind === 'key'
        ? await authenticate.key(credential.key, conn.origin)
        : await authenticate.session(credential.token, conn.origin)
    const same =
      fresh &&
      fresh.role === viewer.role &&
      (fresh.kind !== 'user' || viewer.kind !== 'user' || fresh.mustChangePassword === viewer.mustChangePassword)
    if (!same) conn.close('UNAUTHENTICATED')
  }

  /** A database that does not answer is no reason to send people away. */
  const judgeAgain = (conn: Conn): Promise<void> =>
    judgeOne(conn).catch((error: unknown) => log.debug('could not judge a socket again', { error }))

  /** Somebody's access changed: what came in with it is closed, and comes back with what it still may. */
  const end = ({ kind, id }: AccessEnded): void => {
    for (const conn of conns) {
      const { viewer } = conn
      if (viewer?.kind !== 'user' && viewer?.kind !== 'key') continue
      const owner = viewer.kind === 'user' ? viewer.id : viewer.ownerId
      const own = viewer.kind === 'user' ? { session: viewer.sessionId, user: owner } : { key: viewer.id, user: owner }
      if ((own as Partial<Record<AccessEnded['kind'], string>>)[kind] === id) conn.close('UNAUTHENTICATED')
    }
  }

  /** Asks again for everybody whether they may still be here. */
  const judge = async (): Promise<void> => {
    for (const conn of conns) await judgeAgain(conn)
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
      if (state.draining)
        return refuse(socket, '503 Service Unavailable', 'RESTARTING', 'The console restarts.', 'retry-after: 5\r\n')
      if (pending.size >= PENDING_MAX)
        return refuse(
          socket,
          '503 Service Unavailable',
          'UNAVAILABLE',
          'Too many connect at this moment.',
          'retry-after: 2\r\n',
        )
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

    async start() {
      let dueMs = clock.monotonicMs() + LOOK_MS
      const undoLooking = clock.every(LOOK_MS, () => {
        const nowMs = clock.monotonicMs()
        const lateMs = Math.max(0, nowMs - dueMs)
        dueMs = nowMs + LOOK_MS
        for (const conn of conns) conn.look(lateMs)
      })
      const undoJudging = clock.every(JUDGE_MS, () => void judge())
      const notices = await bus.subscribe(topics.accessEnded, 'all')
      void (async () => {
        // What was missed may have been anybody's end.
        for await (const notice of notices) {
          endings += 1
          if (notice === gap) void judge()
          else end(notice)
        }
      })()
      return async () => {
        undoLooking()
        undoJudging()
        await notices.return()
      }
    },

    async drain() {
      state.draining = true
      const late = Promise.withResolvers<void>()
      const cancel = clock.after(ANSWER_WITHIN_MS, late.resolve)
      await Promise.all(
        [...conns].map(async (conn) => {
          await Promise.race([conn.idle(), late.promise])
          conn.close('RESTARTING' satisfies CloseName)
          await conn.closed
        }),
      )
      cancel()
    },
  }
}
