// Whether the console lives (/healthz) and whether it can serve (/readyz), part by part, in an answer that never waits long.
import type { Clock } from '../platform/clock.ts'
import { type Exchange, sendJson } from './exchange.ts'

export interface HealthDeps {
  database: { ping(): Promise<void> }
  bus: { ping(): Promise<void> }
  /** Names of what was applied at start; null until that is done. */
  migrations(): readonly string[] | null
  isStopping(): boolean
  clock: Clock
}

interface Part {
  state: 'up' | 'down' | 'pending'
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

export const createHealth = ({ database, bus, migrations, isStopping, clock }: HealthDeps) => {
  const look = async (part: { ping(): Promise<void> }): Promise<Part> => {
    const startedMs = clock.monotonicMs()
    const late = Promise.withResolvers<never>()
    const cancel = clock.after(ANSWER_WITHIN_MS, () =>
      late.reject(new Error(`no answer within ${ANSWER_WITHIN_MS} ms`)),
    )
    try {
      await Promise.race([part.ping(), late.promise])
      return { state: 'up', tookMs: Math.round(clock.monotonicMs() - startedMs) }
    } catch (error) {
      return { state: 'down', reason: (error as Error).message }
    } finally {
      cancel()
    }
  }

  const readiness = async (): Promise<Readiness> => {
    const [databasePart, busPart] = await Promise.all([look(database), look(bus)])
    const migrated: Part = migrations() ? { state: 'up' } : { state: 'pending' }
    const serves = databasePart.state === 'up' && migrated.state === 'up' && !isStopping()
    return {
      state: serves ? (busPart.state === 'up' ? 'ready' : 'degraded') : 'unready',
      parts: { database: databasePart, bus: busPart, migrations: migrated },
    }
  }

  return {
    readiness,
    /** The process answers: nothing more is claimed. */
    async live(exchange: Exchange): Promise<void> {
      sendJson(exchange, 200, { state: 'live' })
    },
    async ready(exchange: Exchange): Promise<void> {
      const now = await readiness()
      sendJson(exchange, now.state === 'unready' ? 503 : 200, now)
    },
  }
}
