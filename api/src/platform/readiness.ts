// Whether the console can serve, asked of each part it stands on, in an answer that never waits long.
import { Fault } from '@sindri/schema/contract/codes'
import type { Clock } from './clock.ts'
import type { Db } from './db.ts'
import type { Log } from './log.ts'
import { readMigrations } from './migrations.ts'

export interface ReadinessDeps {
  database: Pick<Db, 'ping' | 'query'>
  bus: { ping(): Promise<void> }
  isStopping(): boolean
  clock: Clock
  log: Log
}

interface Part {
  state: 'up' | 'down'
  tookMs?: number
  reason?: string
}

export interface Readiness {
  /** `degraded`: it serves, but other replicas hear nothing of it. */
  state: 'ready' | 'degraded' | 'unready'
  parts: { database: Part; bus: Part; migrations: Part }
}

/** A load balancer that asks does not wait longer either. */
const ANSWER_WITHIN_MS = 2_000

/** Asks each part anew, at most two seconds. */
export const createReadiness = ({ database, bus, isStopping, clock, log }: ReadinessDeps) => {
  const names = readMigrations().map(({ name }) => name)

  /** Somebody may have restored an older database under a console that runs. */
  const migrated = async (): Promise<void> => {
    const rows = await database.query<{ name: string }>(
      `select migration_name as name from _prisma_migrations where finished_at is not null and rolled_back_at is null`,
    )
    const missing = names.filter((name) => !rows.some((row) => row.name === name))
    if (missing.length > 0)
      throw new Fault('UNAVAILABLE', `expected the migration ${missing.join(', ')}, got a database without it`)
  }

  const look = async (name: string, ask: () => Promise<void>): Promise<Part> => {
    const startedMs = clock.monotonicMs()
    const late = Promise.withResolvers<never>()
    const cancel = clock.after(ANSWER_WITHIN_MS, () =>
      late.reject(new Fault('UNAVAILABLE', `no answer within ${ANSWER_WITHIN_MS} ms`)),
    )
    try {
      await Promise.race([ask(), late.promise])
      return { state: 'up', tookMs: Math.round(clock.monotonicMs() - startedMs) }
    } catch (error) {
      // Everybody may ask; what a driver says may name hosts, users and tables.
      if (!(error instanceof Fault)) log.error('a part is not well', { part: name, error })
      return { state: 'down', reason: error instanceof Fault ? error.message : 'the log has the reason' }
    } finally {
      cancel()
    }
  }

  return async (): Promise<Readiness> => {
    const [databasePart, busPart, migrations] = await Promise.all([
      look('database', () => database.ping()),
      look('bus', () => bus.ping()),
      look('migrations', migrated),
    ])
    const serves = databasePart.state === 'up' && migrations.state === 'up' && !isStopping()
    return {
      state: serves ? (busPart.state === 'up' ? 'ready' : 'degraded') : 'unready',
      parts: { database: databasePart, bus: busPart, migrations },
    }
  }
}
