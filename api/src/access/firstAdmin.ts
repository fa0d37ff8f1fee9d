// The way in when nobody can sign in: the first administrator, and a new one-time password for who lost theirs.
import type { IssuedPassword } from '@sindri/schema'
import { Fault } from '@sindri/schema/contract/codes'
import type { Actor } from '../platform/auditEntry.ts'
import type { Db } from '../platform/db.ts'
import type { Ids } from '../platform/ids.ts'
import { newOneTimePassword } from '../platform/secrets.ts'
import { demandPassword, type Passwords } from './passwords.ts'
import { demandEmail } from './userRow.ts'
import type { UserAdmin } from './users.ts'

interface Deps {
  db: Db
  ids: Ids
  passwords: Passwords
  users: UserAdmin
}

export interface FirstAdmin {
  email: string
  /** Only when the account was made just now without a password of its own: it is shown this once. */
  oneTimePassword: string | null
}

/** Replicas that start together make one administrator. */
const lock = 7_305_414

const findAdmin = `select id, email from users where role = 'ADMIN' and deactivated_at is null order by created_at, id limit 1`

export const createFirstAdmin = ({ db, ids, passwords, users }: Deps) => ({
  /** Makes an administrator where there is no user yet, and else answers who is one. */
  async ensureAdmin(wanted: { email: string; password?: string | undefined }): Promise<FirstAdmin> {
    const email = demandEmail('SINDRI_ADMIN_EMAIL', wanted.email)
    if (wanted.password !== undefined) demandPassword('SINDRI_ADMIN_PASSWORD', wanted.password)
    const [known] = await db.query<{ email: string }>(findAdmin)
    if (known) return { email: known.email, oneTimePassword: null }

    const oneTimePassword = wanted.password === undefined ? newOneTimePassword() : null
    const hashed = await passwords.hash(wanted.password ?? oneTimePassword ?? '')
    const id = ids.make('user')
    const actor: Actor = { kind: 'system', name: 'first start' }
    const made = new Error('Somebody else made the first administrator meanwhile.')
    try {
      await db.change(actor, 'user.manage.createUser', { kind: 'user', id }, async (tx) => {
        await tx.query('select pg_advisory_xact_lock($1)', [lock])
        const [user] = await tx.query('select 1 from users limit 1')
        if (user) throw made
        await tx.query(
          `insert into users (id, email, name, password_hash, role, must_change_password) values ($1, $2, 'Administrator', $3, 'ADMIN', $4)`,
          [id, email, hashed, oneTimePassword !== null],
        )
        return { result: null, after: { email, name: 'Administrator', role: 'ADMIN' } }
      })
      return { email, oneTimePassword }
    } catch (error) {
      if (error !== made) throw error
      const [other] = await db.query<{ email: string }>(findAdmin)
      if (!other)
        throw new Error(
          'Expected an active administrator, got users without one; use "npm run admin -- reset-password <e-mail>".',
          { cause: error },
        )
      return { email: other.email, oneTimePassword: null }
    }
  },

  /** For somebody at the machine itself; without an address the first active administrator is meant. */
  async recover(email?: string): Promise<IssuedPassword> {
    const [user] =
      email === undefined
        ? await db.query<{ id: string }>(findAdmin)
        : await db.query<{ id: string }>('select id from users where email = $1', [demandEmail('e-mail', email)])
    if (!user)
      throw new Fault(
        'NOT_FOUND',
        email === undefined ? 'There is no active administrator.' : `Nobody has the address ${email}.`,
      )
    return users.renewPassword({ kind: 'system', name: 'command line' }, user.id)
  },
})
