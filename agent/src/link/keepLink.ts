// Keeps one link to the console for as long as the agent lives: enrol, connect, renew, and come back after whatever ends it.
import { type AgentInit, CLOSE, closeKind } from '@sindri/schema/contract/protocol'
import type { AgentEnv } from '../env.ts'
import { type Clock, sleep, type Undo } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Enrolment, StateDir } from '../platform/stateDir.ts'
import { createBackoff } from './backoff.ts'
import { enrol, type EnrolFacts } from './enrol.ts'
import { RenewAgentTokenDocument } from './gql/graphql.ts'
import { type Link, NoLink, openLink } from './openLink.ts'
import { Refused, Unanswered } from './refused.ts'

/** What the agent says of itself at each handshake. */
export type Hello = Pick<AgentInit, 'agentVersion' | 'hostname' | 'heartbeatMs' | 'metricsMs' | 'notices'>

export interface KeepLinkDeps {
  env: AgentEnv
  state: StateDir
  clock: Clock
  log: Log
  random: () => number
  /** ULID of this run. */
  run: string
  facts: () => Promise<EnrolFacts>
  hello: () => Hello
  /** Begins to work on a link; the undo is called once when it has ended. */
  onLinked: (link: Link) => Undo
}

export interface KeptLink {
  /** Resolves when the agent must end by itself, with the one line that says why. Never rejects. */
  readonly ended: Promise<string>
  stop(): void
}

const duplicateRetryMs = 60_000
const restartCeilingMs = 10_000
/** A link that ended sooner was no success: its end must not make the next try immediate. */
const steadyMs = 10_000

/** The agent cannot go on; the message is for the person who started it. */
class Final extends Error {}

export function keepLink(deps: KeepLinkDeps): KeptLink {
  const { env, state, clock, log, run } = deps
  const backoff = createBackoff({ firstMs: 500, maxMs: 60_000, random: deps.random })
  const ended = Promise.withResolvers<string>()
  let stopped = false
  let present: Link | null = null

  const enrolled = async (): Promise<Enrolment> => {
    const known = state.enrolment()
    if (known && known.consoleUrl === env.consoleUrl && known.name === env.instanceId) return known
    const { privateKey, publicKey } = state
    const enrolment = await enrol({ env, privateKey, publicKey, facts: await deps.facts() })
    state.saveEnrolment(enrolment)
    log.info('enrolled', { instance: enrolment.name, id: enrolment.instanceId, console: env.consoleUrl })
    return enrolment
  }

  /** Lives through one link; the answer is how long to wait before the next. */
  async function once(): Promise<number> {
    const enrolment = await enrolled()
    const { instanceId: instance, token } = enrolment
    const link = await openLink({ url: enrolment.linkUrl, privateKey: state.privateKey, init: { ...deps.hello(), instance, token, run }, clock })
    if (stopped) return link.close(), 0
    present = link
    const keepToken = (fresh: string): void => state.saveEnrolment({ ...enrolment, token: fresh })
    keepToken(link.ack.token)
    log.info('linked', { console: env.consoleUrl, epoch: link.ack.epoch, consoleVersion: link.ack.consoleVersion })
    const undoRenewal = renew(link, keepToken)
    const undoWork = deps.onLinked(link)
    const sinceMs = clock.monotonicMs()
    const closed = await link.closed
    present = null
    undoRenewal()
    undoWork()
    if (clock.monotonicMs() - sinceMs >= steadyMs) backoff.reset()
    return afterClose(closed.code, closed.reason)
  }

  /** Renews well before the token expires, and again soon if that fails: the link ends with its token. */
  function renew(link: Link, keepToken: (token: string) => void): Undo {
    let nonce = link.ack.renewNonce
    let undo: Undo = () => {}
    const plan = (lifeMs: number): void => {
      undo = clock.after(Math.max(lifeMs, 1000), () => void attempt(lifeMs))
    }
    const attempt = async (lifeMs: number): Promise<void> => {
      try {
        const { renewAgentToken } = await link.ask(RenewAgentTokenDocument, { signature: link.sign(nonce) })
        nonce = renewAgentToken.renewNonce
        keepToken(renewAgentToken.token)
        plan(((Date.parse(renewAgentToken.expiresAt) - link.ack.consoleTime) * 2) / 3 - (clock.monotonicMs() - link.heardMs))
      } catch (error) {
        log.warn('could not renew the token', { error })
        plan(lifeMs / 4)
      }
    }
    plan(((link.ack.tokenExpiresAt - link.ack.consoleTime) * 2) / 3)
    return () => undo()
  }

  function afterClose(code: number, reason: string): number {
    const kind = closeKind(code)
    if (kind?.name === 'INSTANCE_REMOVED') state.saveEnrolment(null)
    if (kind?.fatal) throw new Final(reason || kind.meaning)
    // The token or key is not this console's: the next round enrols anew.
    if (kind?.name === 'TOKEN_REJECTED') state.saveEnrolment(null)
    const delayMs =
      code === CLOSE.DUPLICATE_INSTANCE.code
        ? duplicateRetryMs
        : backoff.next(code === CLOSE.RESTARTING.code ? restartCeilingMs : undefined)
    if (!stopped) log.warn('link lost', { code, reason: reason || kind?.meaning, retryMs: delayMs })
    return delayMs
  }

  function afterFailure(error: unknown): number {
    if (error instanceof Final) throw error
    if (error instanceof NoLink) return afterClose(error.closed.code, error.closed.reason)
    if (error instanceof Refused) {
      if (!error.retry) throw new Final(`The console refuses this agent (${error.code}): ${error.message}`)
      const delayMs = Math.max(backoff.next(), error.retryAfterMs ?? 0)
      log.warn('not enrolled yet', { code: error.code, reason: error.message, retryMs: delayMs })
      return delayMs
    }
    if (error instanceof Unanswered) {
      const delayMs = backoff.next()
      log.warn('console not reached', { console: env.consoleUrl, reason: error.message, retryMs: delayMs })
      return delayMs
    }
    throw new Final((error as Error).message)
  }

  async function live(): Promise<void> {
    try {
      while (!stopped) await sleep(clock, await once().catch(afterFailure))
      ended.resolve('stopped')
    } catch (error) {
      ended.resolve((error as Error).message)
    }
  }
  void live()

  return {
    ended: ended.promise,
    stop() {
      stopped = true
      present?.close()
    },
  }
}
