// Who sends a request: the holder of the cookie, of an API key or of the bootstrap secret, or nobody yet.
import type { IncomingMessage } from 'node:http'
import type { AnonymousViewer, KeyViewer, Origin, UserViewer, Viewer } from '@sindri/schema'
import { Fault } from '@sindri/schema/contract/codes'
import { networkOf } from '../platform/network.ts'
import { sameSecret } from '../platform/secrets.ts'
import type { Credential } from './connections.ts'
import { sessionTokenOf } from './cookies.ts'
import type { Limiter } from './limits.ts'

export interface Authenticate {
  session(token: string, origin: Origin): Promise<UserViewer | null>
  key(secret: string, origin: Origin): Promise<KeyViewer | null>
}

export interface ViewerDeps {
  authenticate: Authenticate
  enrolSecret: string
  /** Enrolments with the right secret, of everybody together. */
  enrolments: Limiter
  failedEnrolments: Limiter
}

export interface Viewers {
  /** Throws UNAUTHENTICATED for a credential that was sent and is not valid; without one it is the anonymous viewer. */
  of(req: IncomingMessage, origin: Origin): Promise<Viewer>
}

const CREDENTIAL_CHARS = 512

/** What a request came with, for judging it again later. */
export const credentialOf = (req: IncomingMessage): Credential | null => {
  const [, key] = BEARER.exec(req.headers.authorization ?? '') ?? []
  if (key !== undefined) return { kind: 'key', key }
  const token = sessionTokenOf(req)
  return token === undefined ? null : { kind: 'session', token }
}

const BEARER = /^Bearer +([\x21-\x7e]+)$/i

const anonymous = (origin: Origin): AnonymousViewer => ({ ...origin, kind: 'anonymous', role: 'ANONYMOUS' })

export const createViewers = ({ authenticate, enrolSecret, enrolments, failedEnrolments }: ViewerDeps): Viewers => ({
  async of(req, origin) {
    const header = req.headers.authorization
    if (header === undefined) {
      const token = sessionTokenOf(req)
      return (token !== undefined && (await authenticate.session(token, origin))) || anonymous(origin)
    }
    const [, secret] = BEARER.exec(header) ?? []
    if (secret === undefined || secret.length > CREDENTIAL_CHARS)
      throw new Fault('UNAUTHENTICATED', 'Authorization: expected "Bearer" and an API key.')
    if (sameSecret(secret, enrolSecret)) {
      enrolments.demand('all', 'enrolments')
      return { ...origin, kind: 'enroller', role: 'ENROLLER' }
    }
    const key = await authenticate.key(secret, origin)
    if (key) return key
    failedEnrolments.demand(networkOf(origin.ip), 'attempts with a wrong key or secret')
    throw new Fault('UNAUTHENTICATED', 'Authorization: this API key or bootstrap secret is not valid here.')
  },
})
