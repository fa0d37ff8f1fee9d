// Who may come in: accounts, users, keys and the audit log, wired together; what ends here is told to everybody.
import type { Audit, Accounts, Keys, Users } from '@sindri/schema'
import type { Bus } from '../platform/bus.ts'
import { gap } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import type { Ids } from '../platform/ids.ts'
import type { Jobs } from '../platform/jobs.ts'
import type { Log } from '../platform/log.ts'
import { type AccessEnded, topics } from '../platform/topics.ts'
import { createAccounts } from './accounts.ts'
import { createAudit } from './audit.ts'
import { type Authenticate, createAuthenticate } from './authenticate.ts'
import { createFirstAdmin } from './firstAdmin.ts'
import { createKeys } from './keys.ts'
import { createPasswords } from './passwords.ts'
import { createThrottle } from './throttle.ts'
import { createUserAccess } from './userAccess.ts'
import { createUsers } from './users.ts'

export interface AccessDeps {
  db: Db
  bus: Bus
  clock: Clock
  ids: Ids
  jobs: Jobs
  log: Log
}

export interface Access extends Pick<ReturnType<typeof createFirstAdmin>, 'ensureAdmin' | 'recover'> {
  accounts: Accounts
  users: Users
  keys: Keys
  audit: Audit
  authenticate: Authenticate
  /** Resolves once it hears what other replicas end. */
  start(): Promise<() => Promise<void>>
}

const tidyMs = 60 * 60_000
/** Ended sessions say for a while who was where. */
export const ENDED_SESSION_DAYS = 30

export const createAccess = ({ db, bus, clock, ids, jobs, log }: AccessDeps): Access => {
  const passwords = createPasswords()
  const throttle = createThrottle({ db })
  const audit = createAudit({ db, clock, log })
  const { authenticate, forget } = createAuthenticate({ db, clock, log })

  const ended = (what: AccessEnded): void => {
    forget(what)
    bus.publish(topics.accessEnded, 'all', what)
  }
  const users = createUsers({ db, passwords, throttle, ids, ended })
  const { ensureAdmin, recover } = createFirstAdmin({ db, ids, passwords, users })

  const tidy = async (): Promise<void> => {
    await throttle.tidy()
    await db.query(
      `delete from sessions where least(coalesce(revoked_at, expires_at), expires_at) < now() - $1 * interval '1 day'`,
      [ENDED_SESSION_DAYS],
    )
  }

  return {
    accounts: { ...createAccounts({ db, passwords, throttle, ids, ended }), ...createUserAccess({ db, ended }) },
    users,
    keys: createKeys({ db, clock, ids, ended }),
    audit,
    authenticate,
    ensureAdmin,
    recover,

    async start() {
      const heard = await bus.subscribe(topics.accessEnded, 'all')
      const listening = (async () => {
        for await (const what of heard) forget(what === gap ? undefined : what)
      })()
      const undoTidy = jobs.start({ name: 'access.tidy', intervalMs: tidyMs, run: tidy, atStart: true })
      // The first who asks for somebody unknown shall not wait longer than the others.
      void passwords.verify(null, '').catch(() => {})
      return async () => {
        await heard.return()
        await listening
        await undoTidy()
      }
    },
  }
}
