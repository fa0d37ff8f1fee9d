// Who is behind a cookie or a key: asked of the database, and remembered for as long as a revoked one may still work elsewhere (2 s).
import type { KeyViewer, Origin, UserViewer } from '@sindri/schema'
import { lowerRole, type Role } from '@sindri/schema/contract/roles'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import type { Log } from '../platform/log.ts'
import { hashOf } from '../platform/secrets.ts'
import { openSession } from './accounts.ts'
import type { AccessEnded } from '../platform/topics.ts'

export interface Authenticate {
  session(token: string, origin: Origin): Promise<UserViewer | null>
  key(secret: string, origin: Origin): Promise<KeyViewer | null>
}

interface Deps {
  db: Db
  clock: Pick<Clock, 'monotonicMs'>
  log: Pick<Log, 'warn'>
}

type Facts = Omit<UserViewer, keyof Origin> | Omit<KeyViewer, keyof Origin>

interface Remembered<F> {
  facts: F
  userId: string
  /** Monotonic: a wall clock that is set back would keep a revoked one. */
  untilMs: number
}

const rememberMs = 2_000
/** Beyond this the oldest go; each costs one query more. */
const rememberedMax = 10_000

/** `last_seen_at` and `last_used_at` are to the minute, so that a busy client does not write at each request. */
const due = (column: string): string => `coalesce(${column} < now() - interval '1 minute', true)`

export const createAuthenticate = ({ db, clock, log }: Deps) => {
  /** By hash: what a memory dump shows opens nothing. */
  const remembered = new Map<string, Remembered<Facts>>()
  let changes = 0

  const remember = async <F extends Facts>(
    hash: string,
    find: () => Promise<{ facts: F; userId: string } | null>,
  ): Promise<F | null> => {
    const known = remembered.get(hash)
    if (known && known.untilMs > clock.monotonicMs()) return known.facts as F
    remembered.delete(hash)
    const before = changes
    const found = await find()
    // Something ended while this was being read: the answer may be older than that, so it serves this once only.
    if (found && before === changes) {
      const [oldest] = remembered.size >= rememberedMax ? remembered.keys() : []
      if (oldest !== undefined) remembered.delete(oldest)
      remembered.set(hash, { ...found, untilMs: clock.monotonicMs() + rememberMs })
    }
    return found?.facts ?? null
  }

  /** Being seen is not worth failing a request for. */
  const touch = (sql: string, id: string): Promise<unknown> =>
    db.query(sql, [id]).catch((error: unknown) => log.warn('the last use could not be written', { error, id }))

  const authenticate: Authenticate = {
    async session(token, origin) {
      if (!/^[\w-]{43}$/.test(token)) return null
      const hash = hashOf(token)
      const facts = await remember(hash, async () => {
        const [row] = await db.query<SessionRow>(
          `select s.id, s.user_id, u.name, u.role, u.must_change_password, ${due('s.last_seen_at')} as due
           from sessions s join users u on u.id = s.user_id where s.token_hash = $1 and ${openSession} and u.deactivated_at is null`,
          [hash],
        )
        if (!row) return null
        if (row.due)
          await touch(`update sessions set last_seen_at = now() where id = $1 and ${due('last_seen_at')}`, row.id)
        const { id, user_id, name, role, must_change_password } = row
        return {
          facts: {
            kind: 'user' as const,
            id: user_id,
            name,
            role,
            mustChangePassword: must_change_password,
            sessionId: id,
          },
          userId: user_id,
        }
      })
      return facts && { ...facts, ...originOf(origin) }
    },

    async key(secret, origin) {
      if (!/^sk_[\w-]{43}$/.test(secret)) return null
      const hash = hashOf(secret)
      const facts = await remember(hash, async () => {
        const [row] = await db.query<KeyRow>(
          `select k.id, k.name, k.role, k.user_id, u.role as owner_role, ${due('k.last_used_at')} as due
           from api_keys k join users u on u.id = k.user_id
           where k.hash = $1 and k.revoked_at is null and (k.expires_at is null or k.expires_at > now()) and u.deactivated_at is null`,
          [hash],
        )
        if (!row) return null
        if (row.due)
          await touch(`update api_keys set last_used_at = now() where id = $1 and ${due('last_used_at')}`, row.id)
        const { id, name, role, owner_role, user_id } = row
        return {
          facts: { kind: 'key' as const, id, name, role: lowerRole(role, owner_role), ownerId: user_id },
          userId: user_id,
        }
      })
      return facts && { ...facts, ...originOf(origin) }
    },
  }

  return {
    authenticate,
    /** Forgets what it concerns; without a name, everything. */
    forget(what?: AccessEnded): void {
      changes++
      if (!what) return remembered.clear()
      for (const [hash, { facts, userId }] of remembered) {
        const id =
          what.kind === 'user'
            ? userId
            : what.kind === 'key'
              ? facts.id
              : facts.kind === 'user'
                ? facts.sessionId
                : undefined
        if (id === what.id) remembered.delete(hash)
      }
    },
  }
}

const originOf = ({ ip, userAgent, requestId }: Origin): Origin => ({ ip, userAgent, requestId })

interface SessionRow {
  id: string
  user_id: string
  name: string
  role: Role
  must_change_password: boolean
  due: boolean
}

interface KeyRow {
  id: string
  name: string
  role: Role
  user_id: string
  owner_role: Role
  due: boolean
}
