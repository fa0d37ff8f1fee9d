// Agents: they enrol, hold a link, say that they live, and get their orders.
import type { Agents } from '@sindri/schema'
import { badInput, Fault } from '@sindri/schema/contract/codes'
import type { Jobs } from '../platform/jobs.ts'
import { objectOf } from '../platform/records.ts'
import { topics } from '../platform/topics.ts'
import { createEnrol, type EnrolDeps } from './enrol.ts'
import { checkFacts, checkNotices, setFacts } from './facts.ts'
import { heartbeatOf } from './hello.ts'
import type { Inbox } from './inbox.ts'
import { createLinks, type AgentLinks, type LinksDeps } from './links.ts'
import { createPresence, presenceMs } from './presence.ts'
import { createTokens } from './tokens.ts'
import { createWhereabouts, type Whereabouts } from './whereabouts.ts'

export interface AgentsDeps extends Omit<LinksDeps, 'tokens'>, Omit<EnrolDeps, 'tokens'> {
  jobs: Jobs
}

export interface AgentsService extends Agents, Pick<AgentLinks, 'links' | 'endLinks'>, Omit<Whereabouts, 'listen'> {
  /** Of the link that an agent holds on this replica. */
  inboxOf(instanceId: string): Inbox | undefined
  /** Begins to say that this replica lives, who was heard, and who was not. Resolves once links may be opened. */
  start(): Promise<() => Promise<void>>
}

/** 300 years. */
const longestUptimeSeconds = 1e10

export const createAgents = (deps: AgentsDeps): AgentsService => {
  const { db, bus, clock, jobs, log } = deps
  const tokens = createTokens({ db, clock })
  const { links, demand, settle, follow, ofInstance, all, wasCrowded, endLinks, renew, closedAll } = createLinks({
    ...deps,
    tokens,
  })
  const { linkOf, order, listen } = createWhereabouts({ ...deps, ofInstance })
  const presence = createPresence({ ...deps, links: { all, settle, wasCrowded } })

  return {
    links,
    inboxOf: (instanceId) => ofInstance(instanceId)?.inbox,
    linkOf,
    order,
    endLinks,
    register: createEnrol({ ...deps, tokens }),
    renewToken: renew,

    async heartbeat(viewer, heartbeat) {
      const link = demand(viewer)
      const { uptimeSeconds, intervalMs } = heartbeat
      if (typeof uptimeSeconds !== 'number' || !(uptimeSeconds >= 0 && uptimeSeconds <= longestUptimeSeconds)) {
        throw badInput('input.uptimeSeconds', `a number from 0 to ${longestUptimeSeconds}`, uptimeSeconds)
      }
      const facts = heartbeat.facts ? checkFacts('input.facts', objectOf('input.facts', heartbeat.facts)) : {}
      const notices = heartbeat.notices ? checkNotices('input.notices', heartbeat.notices) : link.notices
      if (notices !== link.notices) facts.notices = notices
      const heartbeatMs = heartbeatOf('input.intervalMs', intervalMs)
      // Written, like that it was heard, for all at once.
      if (link.start.state === 'unknown')
        link.start = { state: 'told', atMs: clock.monotonicMs() - uptimeSeconds * 1000 }
      if (Object.keys(facts).length > 0 || heartbeatMs !== link.heartbeatMs) {
        const { set, params } = setFacts(facts, 4)
        const [row] = await db.query(
          `update instances set heartbeat_ms = $3, revision = revision + 1, changed_at = now() ${set === '' ? '' : `, ${set}`}
           where id = $1 and epoch = $2 and deleted_at is null returning id`,
          [viewer.id, viewer.epoch, heartbeatMs, ...params],
        )
        if (!row) {
          await settle([link])
          throw new Fault('SUPERSEDED', 'This link has ended; a newer one took over.')
        }
        link.heartbeatMs = heartbeatMs
        link.notices = notices
        bus.publish(topics.instanceChanged, 'all', { id: viewer.id })
      }
      return new Date(clock.now())
    },

    async orders(viewer) {
      return demand(viewer).inbox.read()
    },

    async start() {
      // An agent that comes before the first round would find a replica that is not there.
      await presence.round()
      const undoListening = await Promise.all([follow(), listen(), presence.listen()])
      const undoRounds = jobs.start({ name: 'agents.presence', intervalMs: presenceMs, run: () => presence.round() })
      // A job of its own: a round may wait long for a database that does not answer.
      const undoBeats = jobs.start({
        name: 'agents.beat',
        intervalMs: presenceMs,
        run: () => Promise.resolve(presence.beat()),
      })
      return async () => {
        await Promise.all([undoRounds(), undoBeats()])
        await Promise.all(undoListening.map((undo) => undo()))
        await closedAll()
        await presence
          .leave()
          .catch((error: unknown) => log.warn('this replica could not say that it leaves', { error }))
      }
    },
  }
}
