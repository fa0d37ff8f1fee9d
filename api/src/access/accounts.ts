// One's own account: signing in and out, the password, and the browsers that are signed in.
import type { Accounts, Cookies, Session, User, UserViewer, Viewer } from '@sindri/schema'
import { Fault } from '@sindri/schema/contract/codes'
import { LIMITS } from '@sindri/schema/contract/limits'
import type { Db, Tx } from '../platform/db.ts'
import { type Ids, isId } from '../platform/ids.ts'
import { hashOf, newSecret } from '../platform/secrets.ts'
import { attemptedAs } from './audit.ts'
import type { AccessEnded } from '../platform/topics.ts'
import type { OthersAccess } from './userAccess.ts'
import { demandPassword, type Passwords } from './passwords.ts'
import { type Throttle, signInCounters } from './throttle.ts'
import { normalEmail, toUser, type UserRow } from './userRow.ts'

interface Deps {
  db: Db
  passwords: Passwords
  throttle: Throttle
  ids: Ids
  ended: (what: AccessEnded) => void
}

/** Sessions that still open something: not ended, not past their last day, not idle too long. */
export const openSession = `s.revoked_at is null and s.expires_at > now() and s.last_seen_at > now() - ${LIMITS.sessionIdleMs} * interval '1 ms'`

/** Ends what matches of a user's sessions; answers their ids. */
export const endSessions = async (
  tx: Tx,
  userId: string,
  only: { id?: string; except?: string } = {},
): Promise<string[]> => {
  const rows = await tx.query<{ id: string }>(
    `update sessions s set revoked_at = now() where s.user_id = $1 and ($2::text is null or s.id = $2) and ($3::text is null or s.id <> $3)
       and ${openSession} returning s.id`,
    [userId, only.id, only.except],
  )
  return rows.map(({ id }) => id)
}

/** Open sessions, newest first. `currentId` is the one that asks, where it is among them. */
export const listSessions = async (db: Pick<Db, 'query'>, userId: string, currentId: string): Promise<Session[]> => {
  const rows = await db.query<SessionRow>(
    `select s.id, s.created_at, s.last_seen_at, s.ip, s.user_agent,
       least(s.expires_at, s.last_seen_at + ${LIMITS.sessionIdleMs} * interval '1 ms') as ends_at
     from sessions s where s.user_id = $1 and ${openSession} order by s.created_at desc, s.id desc limit $2`,
    [userId, LIMITS.pageMax],
  )
  return rows.map((row) => toSession(row, currentId))
}

const demandUser = (viewer: Viewer): UserViewer => {
  if (viewer.kind === 'user') return viewer
  throw new Fault('FORBIDDEN', 'Only somebody who is signed in has sessions and a password; a key has none.')
}

interface SignInRow extends UserRow {
  password_hash: string
}

const longestUserAgent = 400

export const createAccounts = ({ db, passwords, throttle, ids, ended }: Deps): Omit<Accounts, keyof OthersAccess> => {
  /** The right password of somebody who may sign in, or SIGN_IN_FAILED after the same work. */
  const identify = async (email: string, password: string): Promise<SignInRow> => {
    const known = normalEmail(email)
    const [row] = known === null ? [] : await db.query<SignInRow>('select * from users where email = $1', [known])
    const right = await passwords.verify(row?.password_hash ?? null, password.slice(0, LIMITS.passwordChars[1] + 1))
    if (!row || !right || row.deactivated_at) throw signInFailed()
    return row
  }

  const openFor = async (viewer: Viewer, row: SignInRow, cookies: Cookies): Promise<User> => {
    const sessionId = ids.make('session')
    const token = newSecret()
    const { ip, userAgent, requestId } = viewer
    const { id, name, role } = row
    const actor: UserViewer = {
      kind: 'user',
      id,
      name,
      role,
      mustChangePassword: row.must_change_password,
      sessionId,
      ip,
      userAgent,
      requestId,
    }
    const user = await db.change(actor, 'session.open.signIn', { kind: 'session', id: sessionId }, async (tx) => {
      // Closed, or given another password, while this one was being checked: then it is not right any more.
      const [fresh] = await tx.query<UserRow>(
        'update users set last_sign_in_at = now() where id = $1 and password_hash = $2 and deactivated_at is null returning *',
        [id, row.password_hash],
      )
      if (!fresh) throw signInFailed()
      // This browser's cookie is about to be replaced; nobody could end the session behind it by name any more.
      const replaced = viewer.kind === 'user' ? await endSessions(tx, viewer.id, { id: viewer.sessionId }) : []
      await tx.query(
        `insert into sessions (id, user_id, token_hash, expires_at, ip, user_agent) values ($1, $2, $3, now() + $4 * interval '1 ms', $5, $6)`,
        [sessionId, id, hashOf(token), LIMITS.sessionMs, ip, userAgent?.slice(0, longestUserAgent)],
      )
      return { result: toUser(fresh), publish: () => replaced.forEach((old) => ended({ kind: 'session', id: old })) }
    })
    cookies.setSession(token, LIMITS.sessionMs)
    return user
  }

  return {
    async signIn(viewer, { email, password }, cookies) {
      if (!cookies)
        throw new Fault('BAD_INPUT', 'Expected sign-in over HTTP, got it over a WebSocket, which cannot set a cookie.')
      const { account, address } = signInCounters(normalEmail(email) ?? email, viewer.ip)
      try {
        await throttle.attempt([account, address])
        const row = await identify(email, password)
        await throttle.succeeded([account], [address])
        return await openFor(viewer, row, cookies)
      } catch (error) {
        if (error instanceof Fault) attemptedAs(error, email)
        throw error
      }
    },

    async signOut(viewer, cookies) {
      const { id, sessionId } = demandUser(viewer)
      await db.change(viewer, 'account.change.signOut', { kind: 'session', id: sessionId }, async (tx) => {
        await endSessions(tx, id, { id: sessionId })
        return { result: null, publish: () => ended({ kind: 'session', id: sessionId }) }
      })
      cookies?.clearSession()
      return true
    },

    async user(viewer) {
      if (viewer.kind !== 'user') return null
      const [row] = await db.query<UserRow>('select * from users where id = $1', [viewer.id])
      return row ? toUser(row) : null
    },

    async changePassword(viewer, { current, next }) {
      const { id, sessionId } = demandUser(viewer)
      demandPassword('next', next)
      // Whoever finds a browser open shall not guess at leisure.
      const counter = { key: `password:${id}`, free: 4 }
      await throttle.attempt([counter])
      const [row] = await db.query<{ email: string; password_hash: string }>(
        'select email, password_hash from users where id = $1',
        [id],
      )
      if (!(await passwords.verify(row?.password_hash ?? null, current.slice(0, LIMITS.passwordChars[1] + 1)))) {
        throw new Fault('BAD_INPUT', 'current: expected the password as it is now, got another one.', {
          field: 'current',
        })
      }
      await throttle.succeeded([counter], [])
      if (next.toLowerCase() === row?.email.toLowerCase())
        throw new Fault('BAD_INPUT', 'next: expected a password that nobody knows, got the e-mail address.', {
          field: 'next',
        })
      if (await passwords.verify(row?.password_hash ?? null, next)) {
        throw new Fault('BAD_INPUT', 'next: expected a new password, got the one in use.', { field: 'next' })
      }
      const hashed = await passwords.hash(next)
      return db.change(viewer, 'account.change.changePassword', { kind: 'user', id }, async (tx) => {
        const [before] = await tx.query<UserRow>(
          'select * from users where id = $1 and password_hash = $2 and deactivated_at is null for update',
          [id, row?.password_hash],
        )
        if (!before) throw new Fault('CONFLICT', 'The password was changed meanwhile by somebody else.')
        const [after] = await tx.query<UserRow>(
          'update users set password_hash = $2, must_change_password = false, password_changed_at = now() where id = $1 returning *',
          [id, hashed],
        )
        const others = await endSessions(tx, id, { except: sessionId })
        return {
          result: toUser(after as UserRow),
          before: { mustChangePassword: before.must_change_password },
          after: { mustChangePassword: false, endedSessions: others.length },
          publish: () => {
            others.forEach((other) => ended({ kind: 'session', id: other }))
            // Its own sockets were judged as those of somebody who may do nothing else yet.
            if (before.must_change_password) ended({ kind: 'session', id: sessionId })
          },
        }
      })
    },

    sessions: async (viewer) => (viewer.kind === 'user' ? listSessions(db, viewer.id, viewer.sessionId) : []),

    async revokeSession(viewer, id) {
      const user = demandUser(viewer)
      return db.change(viewer, 'account.change.revokeSession', { kind: 'session', id }, async (tx) => {
        const done = isId('session', id) ? await endSessions(tx, user.id, { id }) : []
        if (done.length === 0) throw new Fault('NOT_FOUND', 'None of your open sessions has this id.')
        return { result: true, publish: () => ended({ kind: 'session', id }) }
      })
    },

    async revokeOtherSessions(viewer) {
      const { id, sessionId } = demandUser(viewer)
      return db.change(viewer, 'account.change.revokeOtherSessions', { kind: 'user', id }, async (tx) => {
        const others = await endSessions(tx, id, { except: sessionId })
        return {
          result: others.length,
          after: { endedSessions: others.length },
          publish: () => others.forEach((other) => ended({ kind: 'session', id: other })),
        }
      })
    },
  }
}

const signInFailed = (): Fault =>
  new Fault('SIGN_IN_FAILED', 'E-mail and password do not match a user who may sign in.')

interface SessionRow {
  id: string
  created_at: Date
  last_seen_at: Date
  ip: string | null
  user_agent: string | null
  ends_at: Date
}

const toSession = (row: SessionRow, currentId: string): Session => ({
  id: row.id,
  createdAt: row.created_at,
  lastSeenAt: row.last_seen_at,
  expiresAt: row.ends_at,
  ip: row.ip ?? '',
  userAgent: row.user_agent,
  current: row.id === currentId,
})
