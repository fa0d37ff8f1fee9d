// API keys: programs' way in, never above their creator's present role nor beyond the key that made them.
import type { ApiKey, Keys, Viewer } from '@sindri/schema'
import { badInput, Fault } from '@sindri/schema/contract/codes'
import { lowerRole, type Role } from '@sindri/schema/contract/roles'
import type { Clock } from '../platform/clock.ts'
import type { Db, Tx } from '../platform/db.ts'
import { type Ids, isId } from '../platform/ids.ts'
import { pageSize, readCursor, toPage } from '../platform/paging.ts'
import { hashOf, newSecret } from '../platform/secrets.ts'
import type { AccessEnded } from '../platform/topics.ts'
import { demandName, demandRole } from './userRow.ts'

interface Deps {
  db: Db
  clock: Pick<Clock, 'now'>
  ids: Ids
  ended: (what: AccessEnded) => void
}

/** "sk_" and 8 of its 43 random characters: enough to tell keys apart, and 210 bits stay unknown. */
const shownChars = 11

const columns = `k.id, k.name, k.prefix, k.role, k.user_id, k.made_with_id, k.created_at, k.expires_at, k.last_used_at, k.revoked_at`

/** Keys that still open something: a closed account has none, since it closes with all of its keys. */
export const openKey = 'k.revoked_at is null and coalesce(k.expires_at > now(), true)'

const ownerOf = (viewer: Viewer): string => {
  if (viewer.kind === 'user') return viewer.id
  if (viewer.kind === 'key') return viewer.ownerId
  throw new Fault('FORBIDDEN', 'Only users and keys make keys.')
}

/** A key could outlive itself by making another: without an end, or while a replica does not know yet that it is revoked. */
const demandWithinMaker = async (tx: Tx, viewer: Viewer, expiresAt: Date | null): Promise<void> => {
  if (viewer.kind !== 'key') return
  const [maker] = await tx.query<{ expires_at: Date | null }>(
    'select expires_at from api_keys where id = $1 and revoked_at is null for update',
    [viewer.id],
  )
  if (!maker) throw new Fault('UNAUTHENTICATED', 'This API key is not valid any more.')
  if (maker.expires_at && (!expiresAt || expiresAt > maker.expires_at)) {
    throw new Fault(
      'FORBIDDEN',
      `A key makes no key that lasts longer than itself: expected an end by ${maker.expires_at.toISOString()}.`,
    )
  }
}

export const createKeys = ({ db, clock, ids, ended }: Deps): Keys => ({
  async page(_, args) {
    const size = pageSize(args)
    const after = readCursor<[string, string]>(args.after, ['time', 'string'])
    const [rows, [all]] = await Promise.all([
      db.query<Row>(
        `select ${columns}, u.name as owner_name from api_keys k join users u on u.id = k.user_id
         where ($1::timestamptz is null or (k.created_at, k.id) < ($1, $2)) and ($4::bool is null or (${openKey}) = $4)
         order by k.created_at desc, k.id desc limit $3`,
        [after?.[0], after?.[1], size + 1, args.open],
      ),
      db.query<{ n: number }>(`select count(*) as n from api_keys k where $1::bool is null or (${openKey}) = $1`, [
        args.open,
      ]),
    ])
    return toPage(rows, size, all?.n ?? 0, (row) => [row.created_at.toISOString(), row.id], toApiKey)
  },

  async create(viewer, input) {
    const name = demandName('input.name', input.name)
    const role = demandRole('input.role', input.role)
    const expiresAt = input.expiresAt ?? null
    if (expiresAt && expiresAt.getTime() <= clock.now()) throw badInput('input.expiresAt', 'a time to come', expiresAt)
    const ownerId = ownerOf(viewer)
    const madeWithId = viewer.kind === 'key' ? viewer.id : null
    const id = ids.make('key')
    const secret = `sk_${newSecret()}`
    const apiKey = await db.change<ApiKey>(viewer, 'key.manage.createApiKey', { kind: 'key', id }, async (tx) => {
      // Locked: an account that is closed at this moment ends its keys either before this one (refused here) or with it.
      const [owner] = await tx.query<{ name: string; role: Role }>(
        'select name, role from users where id = $1 and deactivated_at is null for update',
        [ownerId],
      )
      if (!owner) throw new Fault('FORBIDDEN', 'The account that would own the key is closed.')
      const highest = lowerRole(viewer.role as Role, owner.role)
      if (lowerRole(role, highest) !== role) {
        throw new Fault('FORBIDDEN', `input.role: expected at most ${highest}, your own role, got ${role}.`, {
          field: 'input.role',
        })
      }
      await demandWithinMaker(tx, viewer, expiresAt)
      const [row] = await tx.query<Row>(
        `insert into api_keys as k (id, user_id, made_with_id, name, prefix, hash, role, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8) returning ${columns}, $9::text as owner_name`,
        [id, ownerId, madeWithId, name, secret.slice(0, shownChars), hashOf(secret), role, expiresAt, owner.name],
      )
      const key = toApiKey(row as Row)
      return { result: key, after: { name, role, prefix: key.prefix, ownerId, expiresAt: key.expiresAt } }
    })
    return { apiKey, secret }
  },

  revoke: (viewer, id) =>
    db.change(viewer, 'key.manage.revokeApiKey', { kind: 'key', id }, async (tx) => {
      // Locked, as for making one: what was made with this key is there to be read, and nothing is made meanwhile.
      const [owner] = isId('key', id)
        ? await tx.query<{ id: string; name: string }>(
            'select id, name from users where id = (select user_id from api_keys where id = $1) for update',
            [id],
          )
        : []
      if (!owner) throw new Fault('NOT_FOUND', 'There is no key of this id.')
      const made = await tx.query<MadeRow>(
        'select id, made_with_id from api_keys where user_id = $1 and made_with_id is not null',
        [owner.id],
      )
      const rows = await tx.query<Row & { ended_before: Date | null }>(
        `update api_keys k set revoked_at = coalesce(k.revoked_at, now())
         from (select id, revoked_at from api_keys where id = any($2)) old
         where k.id = old.id and (k.id = $1 or ${openKey})
         returning ${columns}, $3::text as owner_name, old.revoked_at as ended_before`,
        [id, lineOf(id, made), owner.name],
      )
      return {
        result: toApiKey(rows.find((row) => row.id === id) as Row),
        parts: rows.map((row) => ({
          target: { kind: 'key', id: row.id },
          before: { name: row.name, revokedAt: row.ended_before },
          after: { name: row.name, revokedAt: row.revoked_at, ...(row.id !== id && { revokedWith: id }) },
        })),
        publish: () => rows.forEach((row) => ended({ kind: 'key', id: row.id })),
      }
    }),
})

type MadeRow = Pick<Row, 'id' | 'made_with_id'>

/** A key and all that were made with it, directly or through others. Not by SQL: without statistics it would read all keys for each of them. */
const lineOf = (id: string, made: readonly MadeRow[]): string[] => {
  const byMaker = Map.groupBy(made, (key) => key.made_with_id)
  const line = [id]
  for (const maker of line) for (const key of byMaker.get(maker) ?? []) line.push(key.id)
  return line
}

interface Row {
  id: string
  name: string
  prefix: string
  role: Role
  user_id: string
  owner_name: string
  made_with_id: string | null
  created_at: Date
  expires_at: Date | null
  last_used_at: Date | null
  revoked_at: Date | null
}

const toApiKey = (row: Row): ApiKey => ({
  id: row.id,
  name: row.name,
  prefix: row.prefix,
  role: row.role,
  ownerId: row.user_id,
  ownerName: row.owner_name,
  madeWithId: row.made_with_id,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  lastUsedAt: row.last_used_at,
  revokedAt: row.revoked_at,
})
