// Keeps one link to the console for as long as the agent lives: enrol, connect, renew, and come back after whatever ends it.
import { LIMITS } from '@sindri/schema/contract/limits'
import { type AgentInit, closeKind } from '@sindri/schema/contract/protocol'
import type { AgentEnv } from '../env.ts'
import { type Clock, sleep, type Undo } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Enrolment, StateDir } from '../platform/stateDir.ts'
import { OtherVersion } from './ack.ts'
import { createBackoff } from './backoff.ts'
import { enrol, type EnrolFacts, NoSecret } from './enrol.ts'
import { type Closed, type Link, NoLink, openLink } from './openLink.ts'
import { Refused, Unanswered } from './refused.ts'
import { keepRenewed } from './renew.ts'

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

/** Why the agent cannot go on by itself, as one line for the person who started it. */
export interface Ending {
  kind: 'stopped' | 'misconfigured' | 'unwanted'
  message: string
}

export interface KeptLink {
  /** Never rejects. */
  readonly ended: Promise<Ending>
  /** Resolves when there is neither a link nor an attempt at one. */
  stop(): Promise<void>
}

const duplicateRetryMs = 60_000
const restartCeilingMs = 10_000
const restartWatchedCeilingMs = 500
/** A page that shows a terminal says so once a minute, one that shows figures more often. */
const watchedMs = 90_000
/** A link that ended sooner was no success: its end must not make the next try immediate. */
const steadyMs = 10_000
/**
 * However long the console was away, every agent is to try within ten seconds of its return, and again where there was no room: after the floor it
 * counts as lost. A try that meets nobody costs next to nothing.
 */
const longestMs = LIMITS.offlineFloorMs / 4
/** A credential that is refused so often in a row will not be taken by the next try. */
const maxUnauthenticated = 3

class Final extends Error {
  readonly kind: 'misconfigured' | 'unwanted'

  constructor(kind: Final['kind'], message: string) {
    super(message)
    this.kind = kind
  }
}

export function keepLink(deps: KeepLinkDeps): KeptLink {
  const { env, state, clock, log, random, run } = deps
  const backoff = createBackoff({ firstMs: 500, maxMs: longestMs, random })
  const stopping = new AbortController()
  const { signal } = stopping
  /** In a row, of links that did not last. */
  let unauthenticated = 0
  let unreached = 0
  /** When the last order came, on whichever link. */
  let orderedMs = -Infinity

  async function enrolled(): Promise<Enrolment> {
    const known = state.enrolment()
    if (known && known.consoleUrl === env.consoleUrl && known.name === env.instanceId) return known
    const { privateKey, publicKey } = state
    const enrolment = await enrol({ env, privateKey, publicKey, facts: await deps.facts(), clock, signal })
    state.saveEnrolment(enrolment)
    log.info('enrolled', { instance: enrolment.name, id: enrolment.instanceId, console: env.consoleUrl })
    return enrolment
  }

  /**
   * The address the console named. The one that the operator named instead, where the other would leave TLS, and now
   * and then while nobody is found there: the console may have been given another since.
   */
  function addressOf({ linkUrl }: Enrolment): string {
    const own = `${env.consoleUrl.replace(/^http/, 'ws')}/graphql`
    return (own.startsWith('wss:') && !linkUrl.startsWith('wss:')) || unreached % 3 === 2 ? own : linkUrl
  }

  /** Lives through one link; the answer is how long to wait before the next. */
  async function once(): Promise<number> {
    const enrolment = await enrolled()
    const init = { ...deps.hello(), instance: enrolment.instanceId, token: enrolment.token, run }
    const link = await openLink({ url: addressOf(enrolment), privateKey: state.privateKey, init, clock, signal })
    unreached = 0
    const sinceMs = clock.monotonicMs()
    const closed = await work(link, enrolment)
    orderedMs = link.broughtMs() ?? orderedMs
    if (clock.monotonicMs() - sinceMs >= steadyMs) {
      backoff.reset()
      unauthenticated = 0
    }
    return afterClose(closed)
  }

  async function work(link: Link, enrolment: Enrolment): Promise<Closed> {
    const keepToken = (token: string): void => state.saveEnrolment({ ...enrolment, token })
    if (link.ack.token !== enrolment.token) keepToken(link.ack.token)
    log.info('linked', { console: env.consoleUrl, epoch: link.ack.epoch, consoleVersion: link.ack.consoleVersion })
    const undoRenewal = keepRenewed({ link, clock, log, keepToken })
    let undoWork: Undo = () => {}
    try {
      undoWork = deps.onLinked(link)
      return await link.closed
    } finally {
      link.close()
      undoRenewal()
      undoWork()
    }
  }

  /** Forgotten, so that the next round enrols anew. */
  const forget = (): void => state.saveEnrolment(null)

  function delayAfter(name: string | undefined, retryAfterMs: number | null): number {
    if (name === 'DUPLICATE_INSTANCE') return duplicateRetryMs
    // A thousand agents were told at the same moment; those with whom somebody works come first.
    const isWatched = clock.monotonicMs() - orderedMs < watchedMs
    // It is no failure that another should follow after longer: of several consoles the next may be restarted a moment later.
    if (name === 'RESTARTING') return Math.round(random() * (isWatched ? restartWatchedCeilingMs : restartCeilingMs))
    return backoff.next(retryAfterMs)
  }

  function afterClose({ code, reason, retryAfterMs }: Closed): number {
    const kind = closeKind(code)
    if (kind?.name === 'INSTANCE_REMOVED' || kind?.name === 'TOKEN_REJECTED') forget()
    if (kind?.fatal) throw new Final('unwanted', reason || kind.meaning)
    unauthenticated = kind?.name === 'UNAUTHENTICATED' ? unauthenticated + 1 : 0
    if (unauthenticated >= maxUnauthenticated) {
      unauthenticated = 0
      forget()
    }
    const delayMs = delayAfter(kind?.name, retryAfterMs)
    if (!signal.aborted) log.warn('link lost', { code, reason: reason || kind?.meaning, retryMs: delayMs })
    return delayMs
  }

  function afterFailure(error: unknown): number {
    if (signal.aborted) return 0
    if (error instanceof Final) throw error
    if (error instanceof NoSecret) throw new Final('misconfigured', error.message)
    if (error instanceof OtherVersion) throw new Final('unwanted', error.message)
    if (error instanceof NoLink) {
      if (error.closed.code === 1006) unreached++
      return afterClose(error.closed)
    }
    // A defect of the console is mended some day; every other refusal is meant.
    if (error instanceof Refused && !error.retry && error.code !== 'INTERNAL') {
      throw new Final('unwanted', `The console refuses this agent (${error.code}): ${error.message}`)
    }
    const retryMs = backoff.next((error as { retryAfterMs?: number | null }).retryAfterMs)
    if (error instanceof Refused) log.warn('not enrolled yet', { code: error.code, reason: error.message, retryMs })
    else if (error instanceof Unanswered)
      log.warn('console not reached', { console: env.consoleUrl, reason: error.message, retryMs })
    else log.error('no link came about', { error, retryMs })
    return retryMs
  }

  async function live(): Promise<Ending> {
    try {
      while (!signal.aborted) await sleep(clock, await once().catch(afterFailure), signal)
      return { kind: 'stopped', message: 'stopped' }
    } catch (error) {
      return { kind: error instanceof Final ? error.kind : 'unwanted', message: (error as Error).message }
    }
  }
  const ended = live()

  return {
    ended,
    async stop() {
      stopping.abort()
      await ended
    },
  }
}
