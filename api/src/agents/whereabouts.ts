// Where the agent of an instance is linked, and the way of an order to it: straight into its inbox here, over the bus to another replica.
import type { Order } from '@sindri/schema'
import { type Bus, gap } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import { topics } from '../platform/topics.ts'
import { fullMs, type Link } from './links.ts'
import { replicaAlive } from './take.ts'

interface Deps {
  db: Pick<Db, 'query'>
  bus: Bus
  clock: Clock
  replica: string
  ofInstance: (instanceId: string) => Link | undefined
}

/** What is said of an agent elsewhere holds for this long: the first key pressed asks, the next ones do not. */
const elsewhereMs = 1_000
/** A database that does not say so soon is asked again after a while; until then the last answer holds, as without it nobody can take a link. */
const answerMs = 500
const outageMs = 5_000
/** As long as a terminal may be used without asking the database. */
const keptMs = 5 * 60_000

export const createWhereabouts = ({ db, bus, clock, replica, ofInstance }: Deps) => {
  const elsewhere = new Map<string, { replica: string | null; saidMs: number; untilMs: number }>()
  /** Orders that come while one looks wait for the same answer: two answers might come in the other order, and the orders with them. */
  const looking = new Map<string, Promise<string | null>>()

  /** Monotonic time until which the inbox of an agent elsewhere counts as full. */
  const full = new Map<string, number>()

  const isFull = (instanceId: string): boolean => {
    const untilMs = full.get(instanceId)
    if (untilMs === undefined) return false
    if (untilMs > clock.monotonicMs()) return true
    full.delete(instanceId)
    return false
  }

  const findElsewhere = async (
    instanceId: string,
  ): Promise<{ epoch: bigint; run: string | null; replica: string } | null> => {
    const [row] = await db.query<{ epoch: number; run: string | null; replica: string }>(
      `select i.epoch, i.run, i.replica from instances i join replicas r on r.id = i.replica
       where i.id = $1 and i.deleted_at is null and i.replica <> $2 and ${replicaAlive('r')}`,
      [instanceId, replica],
    )
    if (elsewhere.size > 10_000) elsewhere.clear()
    const saidMs = clock.monotonicMs()
    elsewhere.set(instanceId, { replica: row?.replica ?? null, saidMs, untilMs: saidMs + elsewhereMs })
    return row ? { ...row, epoch: BigInt(row.epoch) } : null
  }

  const look = async (instanceId: string): Promise<string | null> => {
    const found = findElsewhere(instanceId).then((link) => link?.replica ?? null)
    const known = elsewhere.get(instanceId)
    if (!known || clock.monotonicMs() - known.saidMs > keptMs) return found
    const late = Promise.withResolvers<never>()
    const cancel = clock.after(answerMs, () => late.reject(new Error('no answer in time')))
    try {
      return await Promise.race([found, late.promise])
    } catch {
      known.untilMs = clock.monotonicMs() + outageMs
      return known.replica
    } finally {
      cancel()
    }
  }

  return {
    /** The link an agent holds now, on this replica or another; null at once after its socket closed. */
    async linkOf(instanceId: string): Promise<{ epoch: bigint; run: string | null } | null> {
      const link = ofInstance(instanceId)
      if (link) return { epoch: link.viewer.epoch, run: link.viewer.run }
      const found = await findElsewhere(instanceId)
      return found && { epoch: found.epoch, run: found.run }
    },

    /** False when the agent's inbox is full or it holds no link. */
    order(instanceId: string, order: Order): boolean | Promise<boolean> {
      const link = ofInstance(instanceId)
      if (link) return link.inbox.offer(order)
      const send = (holder: string | null): boolean => {
        if (holder === null || isFull(instanceId)) return false
        bus.publish(topics.order, holder, { instanceId, order })
        return true
      }
      const pending = looking.get(instanceId)
      if (pending) return pending.then(send)
      const known = elsewhere.get(instanceId)
      if (known && known.untilMs > clock.monotonicMs()) return send(known.replica)
      const answer = look(instanceId).finally(() => looking.delete(instanceId))
      looking.set(instanceId, answer)
      return answer.then(send)
    },

    /** Listens which inboxes on other replicas are full, and where agents link; the undo ends that. */
    async listen(): Promise<() => Promise<unknown>> {
      const [moves, notices] = [await bus.subscribe(topics.link, 'all'), await bus.subscribe(topics.inboxFull, 'all')]
      void (async () => {
        for await (const move of moves) if (move !== gap) elsewhere.delete(move.instanceId)
      })()
      void (async () => {
        for await (const notice of notices) {
          if (notice === gap) continue
          if (full.size > 10_000) full.clear()
          full.set(notice.instanceId, clock.monotonicMs() + fullMs)
        }
      })()
      return () => Promise.all([moves.return(), notices.return()])
    },
  }
}

export type Whereabouts = ReturnType<typeof createWhereabouts>
