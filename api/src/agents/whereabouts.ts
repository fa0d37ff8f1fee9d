// Where the agent of an instance is linked, and the way of an order to it: straight into its inbox here, over the bus to another replica.
import type { Order } from '@sindri/schema'
import type { Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import { topics } from '../platform/topics.ts'
import type { Link } from './links.ts'
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

export const createWhereabouts = ({ db, bus, clock, replica, ofInstance }: Deps) => {
  const elsewhere = new Map<string, { linked: boolean; untilMs: number }>()
  /** Orders that come while one looks wait for the same answer: two answers might come in the other order, and the orders with them. */
  const looking = new Map<string, Promise<boolean>>()

  const findElsewhere = async (instanceId: string): Promise<{ epoch: bigint; run: string | null } | null> => {
    const [row] = await db.query<{ epoch: number; run: string | null }>(
      `select i.epoch, i.run from instances i join replicas r on r.id = i.replica
       where i.id = $1 and i.deleted_at is null and i.replica <> $2 and ${replicaAlive('r')}`,
      [instanceId, replica],
    )
    if (elsewhere.size > 10_000) elsewhere.clear()
    elsewhere.set(instanceId, { linked: row !== undefined, untilMs: clock.monotonicMs() + elsewhereMs })
    return row ? { epoch: BigInt(row.epoch), run: row.run } : null
  }

  return {
    /** The link an agent holds now, on this replica or another; null at once after its socket closed. */
    async linkOf(instanceId: string): Promise<{ epoch: bigint; run: string | null } | null> {
      const link = ofInstance(instanceId)
      return link ? { epoch: link.viewer.epoch, run: link.viewer.run } : findElsewhere(instanceId)
    },

    /** False when the agent's inbox is full or it holds no link. */
    order(instanceId: string, order: Order): boolean | Promise<boolean> {
      const link = ofInstance(instanceId)
      if (link) return link.inbox.offer(order)
      const send = (linked: boolean): boolean => {
        if (linked) bus.publish(topics.order, instanceId, order)
        return linked
      }
      const pending = looking.get(instanceId)
      if (pending) return pending.then(send)
      const known = elsewhere.get(instanceId)
      if (known && known.untilMs > clock.monotonicMs()) return send(known.linked)
      const look = findElsewhere(instanceId)
        .then((found) => found !== null)
        .finally(() => looking.delete(instanceId))
      looking.set(instanceId, look)
      return look.then(send)
    },
  }
}

export type Whereabouts = ReturnType<typeof createWhereabouts>
