// Users: made, changed, closed; at least one administrator always stays.
import type { IssuedPassword, User, Users, Viewer } from '@sindri/schema'
import { badInput, Fault } from '@sindri/schema/contract/codes'
import { LIMITS } from '@sindri/schema/contract/limits'
import type { Actor } from '../platform/auditEntry.ts'
import type { Db, Tx } from '../platform/db.ts'
import { type Ids, isId } from '../platform/ids.ts'
import { pageSize, readCursor, toPage } from '../platform/paging.ts'
import { newOneTimePassword } from '../platform/secrets.ts'
import { likePart, searchOf } from '../platform/text.ts'
import { endSessions } from './accounts.ts'
import type { AccessEnded } from '../platform/topics.ts'
import type { Passwords } from './passwords.ts'
import type { Throttle } from './throttle.ts'
import { demandEmail, demandName, demandRole, toUser, type UserRow } from './userRow.ts'

interface Deps {
  db: Db
  passwords: Passwords
  throttle: Throttle
  ids: Ids
  ended: (what: AccessEnded) => void
}

/** Also for the console itself: somebody at the machine may give a user a new one-time password. */
export interface UserAdmin extends Users {
  renewPassword(actor: Viewer | Actor, id: string): Promise<IssuedPassword>
}

const notFound = (): Fault => new Fault('NOT_FOUND', 'There is no user of this id.')

/** Locked in one order, so that of two who remove one another the second finds the first gone. */
const lockAdmins = (tx: Tx): Promise<{ id: string }[]> =>
  tx.query<{ id: string }>(
    `select id from users where role = 'ADMIN' and deactivated_at is null order by id for update`,
  )

export const createUsers = ({ db, passwords, throttle, ids, ended }: Deps): UserAdmin => {
  const renewPassword: UserAdmin['renewPassword'] = async (actor, id) => {
    if (!isId('user', id)) throw notFound()
    const oneTimePassword = newOneTimePassword()
    const hashed = await passwords.hash(oneTimePassword)
    const user = await db.change(actor, 'user.manage.resetPassword', { kind: 'user', id }, async (tx) => {
      const [row] = await tx.query<UserRow>(
        'update users set password_hash = $2, must_change_password = true, password_changed_at = now() where id = $1 returning *',
        [id, hashed],
      )
      if (!row) throw notFound()
      const sessions = await endSessions(tx, id)
      await throttle.forgiveAccount(tx, row.email)
      return {
        result: toUser(row),
        after: { mustChangePassword: true, endedSessions: sessions.length },
        publish: () => sessions.forEach((session) => ended({ kind: 'session', id: session })),
      }
    })
    return { user, oneTimePassword }
  }

  return {
    renewPassword,
    resetPassword: renewPassword,

    async page(_, args) {
      const size = pageSize(args)
      const after = readCursor<[string]>(args.after, ['string'])
      const search = searchOf('search', args.search, LIMITS.searchChars)
      const matches = `($1::text is null or email like $1 or lower(name) like $1)`
      const pattern = search === null ? null : likePart(search)
      const [rows, [all]] = await Promise.all([
        db.query<UserRow>(
          `select * from users where ${matches} and ($2::text is null or email > $2) order by email limit $3`,
          [pattern, after?.[0], size + 1],
        ),
        db.query<{ n: number }>(`select count(*) as n from users where ${matches}`, [pattern]),
      ])
      return toPage(rows, size, all?.n ?? 0, (row) => [row.email], toUser)
    },

    async create(viewer, input) {
      const email = demandEmail('input.email', input.email)
      const name = demandName('input.name', input.name)
      const role = demandRole('input.role', input.role)
      const id = ids.make('user')
      const oneTimePassword = newOneTimePassword()
      const hashed = await passwords.hash(oneTimePassword)
      const user = await db.change(viewer, 'user.manage.createUser', { kind: 'user', id }, async (tx) => {
        const [row] = await tx.query<UserRow>(
          `insert into users (id, email, name, password_hash, role, must_change_password) values ($1, $2, $3, $4, $5, true)
           on conflict (email) do nothing returning *`,
          [id, email, name, hashed, role],
        )
        if (!row)
          throw new Fault('CONFLICT', `input.email: expected an address that nobody has yet, got ${email}.`, {
            field: 'input.email',
          })
        return { result: toUser(row), after: { email, name, role } }
      })
      return { user, oneTimePassword }
    },

    async update(viewer, change) {
      const { id, active } = change
      const name = change.name == null ? null : demandName('input.name', change.name)
      const role = change.role == null ? null : demandRole('input.role', change.role)
      if (name === null && role === null && active == null)
        throw badInput('input', 'a name, role or access to change', 'none')
      if (!isId('user', id)) throw notFound()
      return db.change<User>(viewer, 'user.manage.updateUser', { kind: 'user', id }, async (tx) => {
        // Before the user itself: everybody locks in the same order.
        const admins = active === false || (role !== null && role !== 'ADMIN') ? await lockAdmins(tx) : []
        const [row] = await tx.query<UserRow>('select * from users where id = $1 for update', [id])
        if (!row) throw notFound()
        if (admins.length === 1 && admins[0]?.id === id) {
          throw new Fault('CONFLICT', 'Expected an active administrator to remain, but this is the last one.')
        }
        const [changed] = await tx.query<UserRow>(
          `update users set name = coalesce($2, name), role = coalesce($3::role, role),
             deactivated_at = case when $4::bool then null when not $4::bool then coalesce(deactivated_at, now()) else deactivated_at end
           where id = $1 returning *`,
          [id, name, role, active],
        )
        const closed = active === false
        if (closed) {
          await endSessions(tx, id)
          await tx.query('update api_keys set revoked_at = now() where user_id = $1 and revoked_at is null', [id])
        }
        const after = toUser(changed as UserRow)
        return {
          result: after,
          before: { name: row.name, role: row.role, active: row.deactivated_at === null },
          after: { name: after.name, role: after.role, active: after.deactivatedAt === null },
          publish: () => {
            if (closed || after.role !== row.role) ended({ kind: 'user', id })
          },
        }
      })
    },
  }
}
