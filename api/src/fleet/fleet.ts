// The fleet as a whole: counted, mapped by load, judged for what needs somebody, and watched.
import type { Fleet, FleetCounts } from '@sindri/schema'
import { type Lifecycle, type Liveness, STATUSES, statusOf } from '@sindri/schema/contract/status'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import type { Log } from '../platform/log.ts'
import { concernsOf } from './concerns.ts'
import { readMembers, toLoad } from './load.ts'
import { createPulse } from './pulse.ts'

export interface FleetDeps {
  db: Db
  clock: Clock
  log: Log
}

const countsOf = async (db: Pick<Db, 'query'>): Promise<FleetCounts> => {
  const rows = await db.query<{ lifecycle: Lifecycle; liveness: Liveness; provider: string | null; n: number }>(
    `select lifecycle, liveness, provider, count(*) as n from instances where deleted_at is null group by 1, 2, 3`,
  )
  const statuses = new Map<string, number>()
  const providers = new Map<string | null, { count: number; running: number }>()
  let total = 0
  for (const { lifecycle, liveness, provider, n } of rows) {
    const status = statusOf(lifecycle, liveness)
    const { count, running } = providers.get(provider) ?? { count: 0, running: 0 }
    total += n
    statuses.set(status, (statuses.get(status) ?? 0) + n)
    providers.set(provider, { count: count + n, running: running + (status === 'RUNNING' ? n : 0) })
  }
  return {
    total,
    statuses: STATUSES.map((status) => ({ status, count: statuses.get(status) ?? 0 })).filter(({ count }) => count > 0),
    providers: [...providers]
      .map(([provider, counts]) => ({ provider, ...counts }))
      .toSorted((a, b) => b.count - a.count || (a.provider ?? '').localeCompare(b.provider ?? '')),
  }
}

export const createFleet = ({ db, clock, log }: FleetDeps): Fleet => {
  const watch = createPulse({ db, clock, log })
  return {
    counts: () => countsOf(db),
    load: async () => toLoad(await readMembers(db)),
    concerns: (viewer) => concernsOf(db, viewer),
    changes: () => watch(),
  }
}
