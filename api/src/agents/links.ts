// Links of agents on this replica: opened against a signature, closed on every replica when a newer one, an operator or the token ends them.
import type { AgentViewer, Origin, RenewedToken } from '@sindri/schema'
import { Fault } from '@sindri/schema/contract/codes'
import { type AgentAck, type CloseName, linkStatement, PROTOCOL } from '@sindri/schema/contract/protocol'
import { type Bus, gap } from '../platform/bus.ts'
import type { Clock, Undo } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import type { Ids } from '../platform/ids.ts'
import { uuidToUlid } from '../platform/ids.ts'
import type { Log } from '../platform/log.ts'
import { newSecret } from '../platform/secrets.ts'
import { type LinkNotice, topics } from '../platform/topics.ts'
import { hasSigned } from './agentKeys.ts'
import { createEnds } from './ends.ts'
import { checkHello } from './hello.ts'
import { type Close, createIdentify } from './identify.ts'
import { createInbox, type Inbox } from './inbox.ts'
import type { RecordEvents } from './observed.ts'
import { createTakes } from './take.ts'
import type { Tokens } from './tokens.ts'

export interface LinksDeps {
  db: Db
  bus: Bus
  clock: Clock
  ids: Ids
  log: Log
  tokens: Tokens
  recordEvents: RecordEvents
  /** Identity of this console process. */
  replica: string
  consoleVersion: string
}

export interface Link {
  viewer: AgentViewer
  inbox: Inbox
  thumbprint: string
  publicKey: string
  /** Signed by the agent to renew its token; each serves once. */
  renewNonce: string
  /** Monotonic time of the last frame; null once it was written. */
  heardMs: number | null
  /** When its process began, by the uptime in the first heartbeat of the link: monotonic time, until it was written. */
  start: { state: 'unknown' | 'written' } | { state: 'told'; atMs: number }
  /** As they are written in the row. */
  heartbeatMs: number
  notices: string
  /** What ends it when its token does. */
  undoExpiry: Undo
  end(name: CloseName, message?: string): void
}

/** So long after such a notice, senders on other replicas take an inbox for full. */
export const fullMs = 1_000

const CLOSE_OF: Record<LinkNotice['reason'], CloseName> = {
  SUPERSEDED: 'SUPERSEDED',
  DUPLICATE: 'DUPLICATE_INSTANCE',
  REMOVED: 'INSTANCE_REMOVED',
  REPLACED: 'TOKEN_REJECTED',
}

export const createLinks = (deps: LinksDeps) => {
  const { db, bus, clock, ids, log, tokens, replica, consoleVersion } = deps
  /** By instance. */
  const held = new Map<string, Link>()
  /** By instance whose link is being taken: how often, and what was told meanwhile, which may be of an even newer link. */
  const coming = new Map<string, { count: number; told: LinkNotice | null }>()
  const ends = createEnds(deps)
  const identify = createIdentify(deps)
  const { take, pace } = createTakes(deps)

  /** Notices were lost, or writes of these epochs found no row: the rows say what became of them. */
  const settle = async (links: readonly Link[]): Promise<void> => {
    const rows = await db.query<{ id: string; epoch: number; deleted_at: Date | null }>(
      'select id, epoch, deleted_at from instances where id = any($1::text[])',
      [links.map(({ viewer }) => viewer.id)],
    )
    const byId = new Map(rows.map((row) => [row.id, row]))
    for (const { viewer, end } of links) {
      const row = byId.get(viewer.id)
      if (!row || row.deleted_at) end('INSTANCE_REMOVED')
      else if (row.epoch > Number(viewer.epoch)) end('SUPERSEDED')
    }
  }

  const hear = (notice: LinkNotice): void => {
    const link = held.get(notice.instanceId)
    if (link && notice.epoch >= Number(link.viewer.epoch)) link.end(CLOSE_OF[notice.reason])
    const expected = coming.get(notice.instanceId)
    if (expected && notice.epoch > (expected.told?.epoch ?? 0)) expected.told = notice
  }

  /** What other replicas say of links, and the orders that were given there, which go straight into the inbox. */
  const follow = async (): Promise<() => Promise<void>> => {
    const notices = await bus.subscribe(topics.link, 'all')
    const orders = await bus.subscribe(topics.order, replica)
    void (async () => {
      for await (const notice of notices) {
        if (notice !== gap) hear(notice)
        else
          await settle([...held.values()]).catch((error: unknown) =>
            log.debug('could not ask what became of the links', { error }),
          )
      }
    })()
    void (async () => {
      const toldMs = new Map<string, number>()
      for await (const given of orders) {
        // Passing orders carry an offset or a deadline: what is missed costs delay only.
        if (given === gap) continue
        const { instanceId, order } = given
        const inbox = held.get(instanceId)?.inbox
        if (!inbox || inbox.offer(order)) continue
        const nowMs = clock.monotonicMs()
        if (nowMs - (toldMs.get(instanceId) ?? -Infinity) < fullMs / 2) continue
        if (toldMs.size > 10_000) toldMs.clear()
        toldMs.set(instanceId, nowMs)
        bus.publish(topics.inboxFull, 'all', { instanceId })
      }
    })()
    return async () => void (await Promise.all([notices.return(), orders.return()]))
  }

  const expire = (link: Link, expiresAt: Date): Undo =>
    clock.after(Math.max(0, expiresAt.getTime() - clock.now()), () =>
      link.end('UNAUTHENTICATED', 'The agent token expired; connect again.'),
    )

  let crowded = false

  const open = async (
    init: unknown,
    nonce: string,
    origin: Origin,
    close: Close,
    isThere = (): boolean => true,
  ): Promise<{ viewer: AgentViewer; ack: AgentAck }> => {
    const hello = checkHello(init)
    const { claims, publicKey } = await identify(hello, nonce, close)
    const { thumbprint } = claims
    // Before the epoch is taken: the notice of an even newer link must not be missed.
    const expected = coming.get(hello.instance) ?? { count: 0, told: null }
    coming.set(hello.instance, expected)
    expected.count += 1
    try {
      const { token, expiresAt } = await tokens.renew(hello.token, claims)
      const { ip, userAgent, requestId } = origin
      const taken = await take({ hello, thumbprint, ip, isThere })
      const viewer: AgentViewer = {
        kind: 'agent',
        role: 'AGENT',
        id: hello.instance,
        name: taken.name,
        num: taken.num,
        run: taken.run,
        epoch: BigInt(taken.epoch),
        linkId: ids.make('link'),
        ip,
        userAgent,
        requestId,
      }
      let over = false
      const link: Link = {
        viewer,
        inbox: createInbox(),
        thumbprint,
        publicKey,
        renewNonce: newSecret(),
        heardMs: null,
        start: { state: 'unknown' },
        heartbeatMs: hello.heartbeatMs,
        notices: hello.notices,
        undoExpiry: () => {},
        end(name, message) {
          if (over) return
          over = true
          if (held.get(viewer.id) === link) held.delete(viewer.id)
          link.undoExpiry()
          link.inbox.end()
          close(name, message)
        },
      }
      link.undoExpiry = expire(link, expiresAt)
      const newer = expected.told && expected.told.epoch >= taken.epoch ? expected.told.reason : null
      const present = held.get(viewer.id)
      // Of two that come at the same moment, the older may get here last.
      if (present && present.viewer.epoch > viewer.epoch) link.end(CLOSE_OF[newer ?? 'SUPERSEDED'])
      else {
        held.set(viewer.id, link)
        present?.end(CLOSE_OF[taken.reason])
        if (newer) link.end(CLOSE_OF[newer])
      }
      bus.publish(topics.link, 'all', { instanceId: viewer.id, epoch: taken.epoch - 1, reason: taken.reason })
      bus.publish(topics.instanceChanged, 'all', { id: viewer.id })
      const ack: AgentAck = {
        protocolVersion: `${PROTOCOL.major}.${PROTOCOL.minor}`,
        consoleVersion,
        consoleTime: clock.now(),
        token,
        tokenExpiresAt: expiresAt.getTime(),
        renewNonce: link.renewNonce,
        epoch: taken.epoch,
        heartbeatMs: hello.heartbeatMs,
        metricsMs: hello.metricsMs,
      }
      return { viewer, ack }
    } finally {
      expected.count -= 1
      if (expected.count === 0) coming.delete(hello.instance)
    }
  }

  /** Undefined once this very link has ended. */
  const of = (viewer: AgentViewer): Link | undefined => {
    const link = held.get(viewer.id)
    return link?.viewer.linkId === viewer.linkId ? link : undefined
  }

  const closed = (viewer: AgentViewer): void => {
    const link = of(viewer)
    link?.end('UNAUTHENTICATED')
    ends.add(viewer, link?.heardMs ?? null)
  }

  const demand = (viewer: AgentViewer): Link => {
    const link = of(viewer)
    if (!link) throw new Fault('SUPERSEDED', 'This link has ended; a newer one may have taken over.')
    return link
  }

  return {
    links: {
      open,
      closed,
      eachMs: pace.msPerRow,
      turnedAway: (): void => void (crowded = true),
      heard: (viewer: AgentViewer): void => {
        const link = of(viewer)
        if (link) link.heardMs = clock.monotonicMs()
      },
    },
    demand,
    settle,
    follow,
    /** Whether agents had to wait or were turned away since it was asked last. */
    wasCrowded(): boolean {
      const was = crowded || pace.waiting() > 0
      crowded = false
      return was
    },
    /** Of this replica. */
    ofInstance: (instanceId: string): Link | undefined => held.get(instanceId),
    all: (): IterableIterator<Link> => held.values(),

    /** Links of this epoch and older close, on whichever replica they are. */
    endLinks(instanceId: string, epoch: number, reason: 'REMOVED' | 'REPLACED'): void {
      bus.publish(topics.link, 'all', { instanceId, epoch, reason })
    },

    async renew(viewer: AgentViewer, signature: string): Promise<RenewedToken> {
      const link = demand(viewer)
      const nonce = link.renewNonce
      const statement = linkStatement(nonce, viewer.id, uuidToUlid(viewer.run))
      const rejected = new Fault(
        'TOKEN_REJECTED',
        'Expected a signature over linkStatement with the last renewNonce, got another one.',
      )
      if (!hasSigned(link.publicKey, statement, signature)) throw rejected
      const { token, expiresAt } = await tokens.issue({ instanceId: viewer.id, thumbprint: link.thumbprint })
      // It may have ended meanwhile; nothing would ever cancel its timer.
      demand(viewer)
      // Of two that came with the same one, the other was answered.
      if (link.renewNonce !== nonce) throw rejected
      link.renewNonce = newSecret()
      link.undoExpiry()
      link.undoExpiry = expire(link, expiresAt)
      return { token, expiresAt, renewNonce: link.renewNonce }
    },

    /** Resolves once the ends of links are written. */
    closedAll: ends.written,
  }
}

export type AgentLinks = ReturnType<typeof createLinks>
