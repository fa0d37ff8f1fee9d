// Links of agents on this replica: opened against a signature, closed on every replica when a newer one, an operator or the token ends them.
import type { AgentViewer, Order, Origin, RenewedToken } from '@sindri/schema'
import { Fault } from '@sindri/schema/contract/codes'
import { type AgentAck, type CloseName, linkStatement, PROTOCOL } from '@sindri/schema/contract/protocol'
import { type Bus, gap, type Subscription } from '../platform/bus.ts'
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
  /** As it is written in the row. */
  heartbeatMs: number
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
  const { db, bus, clock, ids, log, tokens, consoleVersion } = deps
  const byId = new Map<string, Link>()
  const byInstance = new Map<string, Link>()
  const ends = createEnds(deps)
  const identify = createIdentify(deps)
  const { take, pace } = createTakes(deps)

  /** A notice was lost, or a write of this epoch found no row: the row says what became of it. */
  const settle = async ({ viewer, end }: Link): Promise<void> => {
    const [row] = await db.query<{ epoch: number; deleted_at: Date | null }>(
      'select epoch, deleted_at from instances where id = $1',
      [viewer.id],
    )
    if (!row || row.deleted_at) end('INSTANCE_REMOVED')
    else if (row.epoch > Number(viewer.epoch)) end('SUPERSEDED')
  }

  const follow = async (link: Link, notices: Subscription<LinkNotice>): Promise<void> => {
    for await (const notice of notices) {
      if (notice === gap)
        await settle(link).catch((error: unknown) => log.debug('could not ask what became of a link', { error }))
      else if (notice.epoch >= Number(link.viewer.epoch)) link.end(CLOSE_OF[notice.reason])
    }
  }

  /** Orders that were given on other replicas; here they go straight into the inbox. */
  const collect = async (link: Link, orders: Subscription<Order>): Promise<void> => {
    let toldMs = -Infinity
    for await (const order of orders) {
      // Passing orders carry an offset or a deadline: what is missed costs delay only.
      if (order === gap || link.inbox.offer(order) || clock.monotonicMs() - toldMs < fullMs / 2) continue
      toldMs = clock.monotonicMs()
      bus.publish(topics.inboxFull, 'all', { instanceId: link.viewer.id })
    }
  }

  const expire = (link: Link, expiresAt: Date): Undo =>
    clock.after(Math.max(0, expiresAt.getTime() - clock.now()), () =>
      link.end('UNAUTHENTICATED', 'The agent token expired; connect again.'),
    )

  const undoExpiry = new WeakMap<Link, Undo>()
  let crowded = false

  const open = async (
    init: unknown,
    nonce: string,
    origin: Origin,
    close: Close,
    isThere = (): boolean => true,
  ): Promise<{ viewer: AgentViewer; ack: AgentAck }> => {
    const hello = checkHello(init)
    const { thumbprint, publicKey } = await identify(hello, nonce, close)
    // Before the epoch is taken: the notice of an even newer link must not be missed.
    const notices = await bus.subscribe(topics.link, hello.instance)
    const orders = await bus.subscribe(topics.order, hello.instance).catch(async (error: unknown) => {
      await notices.return()
      throw error
    })
    try {
      const { token, expiresAt } = await tokens.issue({ instanceId: hello.instance, thumbprint })
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
      const inbox = createInbox()
      const link: Link = {
        viewer,
        inbox,
        thumbprint,
        publicKey,
        renewNonce: newSecret(),
        heardMs: null,
        start: { state: 'unknown' },
        heartbeatMs: hello.heartbeatMs,
        end(name, message) {
          if (!forget(link)) return
          void notices.return()
          void orders.return()
          close(name, message)
        },
      }
      byId.set(viewer.linkId, link)
      // Of two that come at the same moment, the older may get here last.
      const present = byInstance.get(viewer.id)
      if (!present || present.viewer.epoch < viewer.epoch) byInstance.set(viewer.id, link)
      undoExpiry.set(link, expire(link, expiresAt))
      for (const work of [follow(link, notices), collect(link, orders)]) {
        work.catch((error: unknown) => {
          log.warn('the bus ended a link', { instance: viewer.id, error })
          link.end('SLOW_CONSUMER')
        })
      }
      bus.publish(topics.link, viewer.id, { epoch: taken.epoch - 1, reason: taken.reason })
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
    } catch (error) {
      await Promise.all([notices.return(), orders.return()])
      throw error
    }
  }

  /** False when it was forgotten already. */
  const forget = (link: Link): boolean => {
    const { linkId, id } = link.viewer
    if (!byId.delete(linkId)) return false
    if (byInstance.get(id) === link) byInstance.delete(id)
    undoExpiry.get(link)?.()
    link.inbox.end()
    return true
  }

  const closed = (viewer: AgentViewer): void => {
    const link = byId.get(viewer.linkId)
    link?.end('UNAUTHENTICATED')
    ends.add(viewer, link?.heardMs ?? null)
  }

  const demand = (viewer: AgentViewer): Link => {
    const link = byId.get(viewer.linkId)
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
        const link = byId.get(viewer.linkId)
        if (link) link.heardMs = clock.monotonicMs()
      },
    },
    demand,
    settle,
    /** Whether agents had to wait or were turned away since it was asked last. */
    wasCrowded(): boolean {
      const was = crowded || pace.waiting() > 0
      crowded = false
      return was
    },
    /** Of this replica. */
    ofInstance: (instanceId: string): Link | undefined => byInstance.get(instanceId),
    all: (): IterableIterator<Link> => byId.values(),

    /** Links of this epoch and older close, on whichever replica they are. */
    endLinks(instanceId: string, epoch: number, reason: 'REMOVED' | 'REPLACED'): void {
      bus.publish(topics.link, instanceId, { epoch, reason })
    },

    async renew(viewer: AgentViewer, signature: string): Promise<RenewedToken> {
      const link = demand(viewer)
      const nonce = link.renewNonce
      if (!hasSigned(link.publicKey, linkStatement(nonce, viewer.id, uuidToUlid(viewer.run)), signature)) {
        throw new Fault(
          'TOKEN_REJECTED',
          'Expected a signature over linkStatement with the last renewNonce, got another one.',
        )
      }
      const { token, expiresAt } = await tokens.issue({ instanceId: viewer.id, thumbprint: link.thumbprint })
      // It may have ended meanwhile; nothing would ever cancel its timer.
      demand(viewer)
      link.renewNonce = newSecret()
      undoExpiry.get(link)?.()
      undoExpiry.set(link, expire(link, expiresAt))
      return { token, expiresAt, renewNonce: link.renewNonce }
    },

    /** Resolves once the ends of links are written. */
    closedAll: ends.written,
  }
}

export type AgentLinks = ReturnType<typeof createLinks>
