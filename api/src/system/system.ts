// The console about itself: version, clock, and how machines enrol.
import type { ConsoleInfo, Settings, System } from '@sindri/schema'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import type { Readiness } from '../platform/readiness.ts'
import { createHealthWatch } from './healthWatch.ts'

export interface SystemDeps {
  db: Db
  clock: Clock
  version: string
  /** Such as "PGlite 17.5". */
  database: string
  bus: ConsoleInfo['bus']
  /** Where agents dial: its port is known once the console listens. */
  address: () => { outside: string; loopbackOnly: boolean }
  enrolSecret: string
  readiness: () => Promise<Readiness>
  settings: Settings
}

export const createSystem = (deps: SystemDeps): System => {
  const { db, clock, version, database, bus, address, enrolSecret, readiness, settings } = deps
  const startedAt = new Date(clock.now())
  const health = createHealthWatch(readiness, clock)
  return {
    info: () => ({
      version,
      nodeVersion: process.versions.node,
      startedAt,
      time: new Date(clock.now()),
      database,
      bus,
    }),
    health: () => health.now(),
    healthChanges: () => health.changes(),
    settings: () => settings,
    enrolment() {
      const { outside, loopbackOnly } = address()
      return { consoleUrl: outside, loopbackOnly }
    },
    revealEnrolmentSecret: (viewer) =>
      db.change(viewer, 'enrolment.reveal.revealEnrolmentSecret', { kind: 'enrolment' }, async () => ({
        result: enrolSecret,
      })),
  }
}

/** The engine by the name the product gives it, with the version of PostgreSQL that it is. */
export const nameDatabase = async (db: Db): Promise<string> => {
  const [row] = await db.query<{ version: string }>(`select current_setting('server_version') as version`)
  return `${db.kind === 'pglite' ? 'PGlite' : 'PostgreSQL'} ${row?.version.split(' ')[0] ?? ''}`.trim()
}
