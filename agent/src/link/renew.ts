// Renews the token of a link well before it expires, and soon again if that fails: the link ends with its token.
import type { Clock, Undo } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import { RenewAgentTokenDocument } from './gql/graphql.ts'
import type { Link } from './openLink.ts'
import { Refused } from './refused.ts'

export interface RenewalDeps {
  link: Pick<Link, 'ack' | 'heardMs' | 'sign' | 'ask'>
  clock: Clock
  log: Log
  keepToken: (token: string) => void
}

/** A console that issues tokens of no life must not be asked without a pause. */
const leastMs = 1_000
/** What failed is tried again while there is time, and not so late that one more failure would end the link. */
const retryMs = 15 * 60_000

export function keepRenewed({ link, clock, log, keepToken }: RenewalDeps): Undo {
  const { ack } = link
  let nonce = ack.renewNonce
  let expiresMs = ack.tokenExpiresAt
  let isOver = false
  let undo: Undo = () => {}

  /** By the console's clock, as it was at the handshake. */
  const leftMs = (): number => expiresMs - ack.consoleTime - (clock.monotonicMs() - link.heardMs)
  const plan = (delayMs: number): void => {
    if (!isOver) undo = clock.after(Math.max(delayMs, leastMs), () => void attempt())
  }

  async function attempt(): Promise<void> {
    try {
      const { renewAgentToken } = await link.ask(RenewAgentTokenDocument, { signature: link.sign(nonce) })
      nonce = renewAgentToken.renewNonce
      expiresMs = Date.parse(renewAgentToken.expiresAt)
      // The answer may be that to a link which has ended meanwhile; its token is good all the same.
      keepToken(renewAgentToken.token)
      plan((leftMs() * 2) / 3)
    } catch (error) {
      if (isOver) return
      // The nonce went with an answer that never came. The next handshake renews as well.
      if (error instanceof Refused && error.code === 'TOKEN_REJECTED') {
        return log.warn('the token is not renewed over this link any more; it ends when the token expires', { error })
      }
      log.warn('could not renew the token', { error })
      plan(Math.min(leftMs() / 4, retryMs))
    }
  }

  plan((leftMs() * 2) / 3)
  return () => {
    isOver = true
    undo()
  }
}
