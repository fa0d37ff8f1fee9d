// The console about itself: version, clock, and how machines enrol.
import type { ConsoleInfo, System } from '@sindri/schema'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'

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
}

export const createSystem = ({ db, clock, version, database, bus, address, enrolSecret }: SystemDeps): System => ({
  info: () => ({ version, time: new Date(clock.now()), database, bus }),
  enrolment() {
    const { outside, loopbackOnly } = address()
    return { consoleUrl: outside, loopbackOnly }
  },
  revealEnrolmentSecret: (viewer) =>
    db.change(viewer, 'enrolment.reveal.revealEnrolmentSecret', { kind: 'enrolment' }, async () => ({
      result: enrolSecret,
    })),
})

/** The engine by the name the product gives it, with the version of PostgreSQL that it is. */
export const nameDatabase = async (db: Db): Promise<string> => {
  const [row] = await db.query<{ version: string }>(`select current_setting('server_version') as version`)
  return `${db.kind === 'pglite' ? 'PGlite' : 'PostgreSQL'} ${row?.version.split(' ')[0] ?? ''}`.trim()
}
