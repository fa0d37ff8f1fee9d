// Who an agent is: its token names the instance, and its signature over the nonce of this very socket proves the key.
import { Fault } from '@sindri/schema/contract/codes'
import { type CloseName, linkStatement } from '@sindri/schema/contract/protocol'
import type { Db } from '../platform/db.ts'
import { prepared } from '../platform/prepared.ts'
import { createTogether } from '../platform/together.ts'
import { hasSigned } from './agentKeys.ts'
import type { Hello } from './hello.ts'
import type { ReadToken, Tokens } from './tokens.ts'

export type Close = (name: CloseName, message?: string) => void

interface Enrolled {
  id: string
  public_key: string
  thumbprint: string
  deleted_at: Date | null
}

const enrolledStatement = prepared(
  'select id, public_key, thumbprint, deleted_at from instances where id = any($1::text[])',
)

/** Who says so by a signature for this very socket, with the key that was enrolled. */
export const createIdentify = ({ db, tokens }: { db: Pick<Db, 'query'>; tokens: Tokens }) => {
  const enrolled = createTogether((ids) => db.query<Enrolled>(enrolledStatement, [ids]))
  return async (hello: Hello, nonce: string, close: Close): Promise<{ claims: ReadToken; publicKey: string }> => {
    const claims = await tokens.read(hello.token)
    if (claims?.instanceId !== hello.instance)
      throw new Fault('TOKEN_REJECTED', 'The token was not issued by this console for this instance; enrol again.')
    const row = await enrolled(hello.instance)
    if (row?.deleted_at) {
      close('INSTANCE_REMOVED')
      throw new Fault('NOT_FOUND', 'The instance was removed from the console.')
    }
    if (row?.thumbprint !== claims.thumbprint)
      throw new Fault('TOKEN_REJECTED', 'Another key is enrolled for this instance; enrol again.')
    if (!hasSigned(row.public_key, linkStatement(nonce, hello.instance, hello.run), hello.signature)) {
      throw new Fault(
        'TOKEN_REJECTED',
        'Expected a signature over linkStatement with the enrolled key and the nonce of this socket, got another one.',
      )
    }
    return { claims, publicKey: row.public_key }
  }
}
