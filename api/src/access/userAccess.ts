// What somebody else holds open, and ending one of their sessions: an administrator's view of an account.
import type { Accounts } from '@sindri/schema'
import { Fault } from '@sindri/schema/contract/codes'
import type { Db } from '../platform/db.ts'
import { isId } from '../platform/ids.ts'
import type { AccessEnded } from '../platform/topics.ts'
import { endSessions, listSessions } from './accounts.ts'
import { openKey } from './keys.ts'
import { toUser, type UserRow } from './userRow.ts'

export type OthersAccess = Pick<Accounts, 'accessOf' | 'revokeUserSession'>

interface Deps {
  db: Db
  ended: (what: AccessEnded) => void
}

const counts = `
  select u.*, (select count(*) from api_keys k where k.user_id = u.id and ${openKey}) as keys,
    (select count(*) from terminals t where t.state <> 'CLOSED'
       and (t.opener_id = u.id or t.opener_id in (select id from api_keys where user_id = u.id))) as terminals,
    u.role = 'ADMIN' and u.deactivated_at is null and not exists (
      select 1 from users o where o.id <> u.id and o.role = 'ADMIN' and o.deactivated_at is null) as last_admin
  from users u where u.id = $1`

export const createUserAccess = ({ db, ended }: Deps): OthersAccess => ({
  async accessOf(viewer, userId) {
    const [row] = isId('user', userId)
      ? await db.query<UserRow & { keys: number; terminals: number; last_admin: boolean }>(counts, [userId])
      : []
    if (!row) throw new Fault('NOT_FOUND', 'There is no user of this id.')
    return {
      user: toUser(row),
      sessions: await listSessions(db, userId, viewer.kind === 'user' ? viewer.sessionId : ''),
      openKeys: row.keys,
      openTerminals: row.terminals,
      isLastAdmin: row.last_admin,
    }
  },

  revokeUserSession: (viewer, id) =>
    db.change(viewer, 'user.manage.revokeUserSession', { kind: 'session', id }, async (tx) => {
      const [session] = isId('session', id)
        ? await tx.query<{ user_id: string }>('select user_id from sessions where id = $1', [id])
        : []
      const done = session ? await endSessions(tx, session.user_id, { id }) : []
      if (done.length === 0) throw new Fault('NOT_FOUND', 'No open session has this id.')
      return { result: true, publish: () => ended({ kind: 'session', id }) }
    }),
})
