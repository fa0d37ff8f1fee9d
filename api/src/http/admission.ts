// Who a socket belongs to: an agent by signature, a program by key, a person by the cookie of this console's own page; nobody else stays.
import type { AgentViewer, Origin, Viewer } from '@sindri/schema'
import { badInput, Fault } from '@sindri/schema/contract/codes'
import { type AgentAck, CLOSE, type CloseName } from '@sindri/schema/contract/protocol'
import type { AnyClose, Conn } from './conn.ts'
import { PER_PRINCIPAL } from './connections.ts'
import type { Authenticate } from './viewer.ts'

/** What the agents slice does for a link. */
export interface Links {
  /** Throws a Fault for an agent that may not link, or is gone before its turn. `close` ends this very link later. */
  open(
    init: unknown,
    nonce: string,
    origin: Origin,
    close: (name: CloseName, message?: string) => void,
    isThere: () => boolean,
  ): Promise<{ viewer: AgentViewer; ack: AgentAck }>
  /** Any frame is life. */
  heard(viewer: AgentViewer): void
  closed(viewer: AgentViewer): void
  /** Milliseconds for which one more link that opens makes the next wait. */
  eachMs(): number
  /** An agent was told to come later, for a reason of the console's. */
  turnedAway(): void
}

export interface Admission {
  /** The payload of the acknowledgement; throws the Fault that keeps it out. */
  admit(conn: Conn, sessionToken: string | undefined, payload: unknown): Promise<object>
}

export const createAdmission = (deps: {
  authenticate: Authenticate
  links: Links
  isTooMany(viewer: Viewer): boolean
}): Admission => {
  const { authenticate, links, isTooMany } = deps

  const admitPerson = async (conn: Conn, token: string | undefined): Promise<void> => {
    if (token === undefined) throw new Fault('UNAUTHENTICATED', 'Sign in first, or send an API key.')
    if (!conn.sameOrigin) throw new Fault('UNAUTHENTICATED', 'The cookie counts only with the Origin of this console.')
    conn.viewer = await authenticate.session(token, conn.origin)
    conn.credential = { kind: 'session', token }
    if (!conn.viewer) throw new Fault('UNAUTHENTICATED', 'The session has ended; sign in again.')
  }

  const admitKey = async (conn: Conn, key: unknown): Promise<void> => {
    if (typeof key !== 'string' || key === '' || key.length > 200) throw badInput('key', 'an API key', typeof key)
    conn.viewer = await authenticate.key(key, conn.origin)
    conn.credential = { kind: 'key', key }
    if (!conn.viewer) throw new Fault('UNAUTHENTICATED', 'This API key is not valid.')
  }

  const admitAgent = async (conn: Conn, payload: unknown): Promise<AgentAck> => {
    const { viewer, ack } = await links.open(
      payload,
      conn.nonce,
      conn.origin,
      (name, message) => conn.close(name, message),
      () => conn.ws.readyState === conn.ws.OPEN,
    )
    // It went away meanwhile; nobody will announce its end any more.
    if (conn.ws.readyState === conn.ws.CLOSED) links.closed(viewer)
    else conn.viewer = viewer
    conn.credential = { kind: 'agent' }
    return ack
  }

  return {
    async admit(conn, sessionToken, payload) {
      const { kind, key } = (payload ?? {}) as Record<string, unknown>
      try {
        if (kind === 'agent') return await admitAgent(conn, payload)
        if (kind === 'key') await admitKey(conn, key)
        else if (kind === undefined) await admitPerson(conn, sessionToken)
        else throw badInput('kind', '"agent", "key" or nothing', kind)
        if (conn.viewer && isTooMany(conn.viewer))
          throw new Fault('LIMIT_REACHED', `Expected at most ${PER_PRINCIPAL} sockets and streams at once.`)
        return {}
      } catch (error) {
        conn.viewer = null
        throw error
      }
    },
  }
}

/** How a socket that was not admitted is told. */
export const closeOf = (error: unknown): { name: AnyClose; message?: string } => {
  if (!(error instanceof Fault)) return { name: 'TRY_AGAIN' }
  const { code, message } = error
  if (code in CLOSE) return { name: code as CloseName, message }
  if (code === 'BAD_INPUT') return { name: 'BAD_MESSAGE', message }
  if (code === 'LIMIT_REACHED' || code === 'NOT_FOUND') return { name: 'FORBIDDEN', message }
  return { name: 'TRY_AGAIN', message }
}
