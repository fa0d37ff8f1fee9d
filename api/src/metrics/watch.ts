// Live samples for whoever looks: from the bus, the oldest given up when a reader is slow, and faster while it looks at one instance.
import type { LiveSample, Order } from '@sindri/schema'
import { badInput, Fault } from '@sindri/schema/contract/codes'
import { LIMITS } from '@sindri/schema/contract/limits'
import { gap } from '../platform/bus.ts'
import type { Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import { isId } from '../platform/ids.ts'
import { sift } from '../platform/sift.ts'
import { topics } from '../platform/topics.ts'

export interface WatchDeps {
  db: Pick<Db, 'query'>
  bus: Pick<Bus, 'subscribe'>
  clock: Pick<Clock, 'now' | 'every'>
  /** Tells the agent of an instance; whether it is linked does not matter here. */
  order: (instanceId: string, order: Order) => unknown
}

const renewMs = LIMITS.liveSampleLeaseMs / 2

/** Asks agents to sample faster for as long as anybody on this replica looks: one loop per instance, however many look. */
const createFaster = ({ clock, order }: Pick<WatchDeps, 'clock' | 'order'>) => {
  const looking = new Map<string, { count: number; cancel: () => void }>()
  const ask = async (instanceId: string): Promise<void> => {
    try {
      await order(instanceId, {
        kind: 'sampleFaster',
        everyMs: LIMITS.liveSampleMs,
        until: new Date(clock.now() + LIMITS.liveSampleLeaseMs).toISOString(),
      })
    } catch {
      // Where the agent is linked could not be read: the next round asks again, and stored samples come meanwhile.
    }
  }
  return (instanceId: string): (() => void) => {
    const known = looking.get(instanceId)
    const look = known ?? { count: 0, cancel: clock.every(renewMs, () => void ask(instanceId)) }
    look.count += 1
    if (!known) {
      looking.set(instanceId, look)
      void ask(instanceId)
    }
    return () => {
      look.count -= 1
      if (look.count > 0) return
      look.cancel()
      looking.delete(instanceId)
    }
  }
}

const checkIds = (instanceIds: readonly string[]): string[] => {
  const ids = [...new Set(instanceIds)]
  if (ids.length === 0 || ids.length > LIMITS.pageMax)
    throw badInput('instanceIds', `1 to ${LIMITS.pageMax} ids`, ids.length)
  return ids.filter((id) => isId('instance', id))
}

export const createWatch = (
  deps: WatchDeps,
): ((instanceIds: readonly string[]) => Promise<AsyncIterable<LiveSample>>) => {
  const { db, bus } = deps
  const faster = createFaster(deps)

  return async (instanceIds) => {
    const asked = checkIds(instanceIds)
    // One that was deleted meanwhile does not end the view of the others.
    const found = await db.query<{ id: string }>(
      'select id from instances where id = any($1::text[]) and deleted_at is null',
      [asked],
    )
    if (found.length === 0) throw new Fault('NOT_FOUND', 'Expected an instance of this id, got none.')

    const samples = await bus.subscribe(
      topics.metricSampled,
      found.map(({ id }) => id),
    )
    const [only, ...others] = found
    const slower = only && others.length === 0 && instanceIds.length === 1 ? faster(only.id) : undefined
    return sift(samples, (sample) => (sample === gap ? undefined : sample), slower)
  }
}
