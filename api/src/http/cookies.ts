// The session cookie: out of reach of scripts, of other sites, and of the wire where there is TLS.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Cookies } from '@sindri/schema'

const NAME = 'sindri_session'

export const sessionTokenOf = (req: IncomingMessage): string | undefined => {
  for (const part of (req.headers.cookie ?? '').split(';')) {
    const [name, value] = part.trim().split('=', 2)
    if (name === NAME && value) return value
  }
  return undefined
}

/** Only what the client would not lose: a token is base64url. */
const attributes = (secure: boolean): string => `Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`

export const cookiesOf = (res: ServerResponse, secure: boolean): Cookies => ({
  setSession(token, maxAgeMs) {
    res.setHeader('set-cookie', `${NAME}=${token}; Max-Age=${Math.floor(maxAgeMs / 1000)}; ${attributes(secure)}`)
  },
  clearSession() {
    res.setHeader('set-cookie', `${NAME}=; Max-Age=0; ${attributes(secure)}`)
  },
})
