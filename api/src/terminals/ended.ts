// Terminals that shall end: of an opener who lost session, key or role, those that nobody waits for, and those whose agent does not know yet.
import type { CloseReason } from '@sindri/schema'
import { LIMITS } from '@sindri/schema/contract/limits'
import { can, ROLES } from '@sindri/schema/contract/roles'
import type { Db } from '../platform/db.ts'

const mayOpen = ROLES.filter((role) => can({ role }, 'terminal.open'))

export interface Ended {
  id: string
  instanceId: string
}

interface Row {
  id: string
  instance_id: string
}

const toEnded = ({ id, instance_id }: Row): Ended => ({ id, instanceId: instance_id })

/**
 * Of an opener who lost the session, the key or the role with which they were opened. The database says it, not the
 * notice, so that the next look makes up for one that is lost. A session that only grew old ends no shell: its user
 * signs in again and goes on.
 */
export const findRevoked = async (db: Pick<Db, 'query'>): Promise<Ended[]> => {
  const rows = await db.query<Row>(
    `select t.id, t.instance_id from terminals t
     left join sessions s on s.id = t.session_id
     left join api_keys k on t.opener_kind = 'KEY' and k.id = t.opener_id
     join users u on u.id = coalesce(k.user_id, t.opener_id)
     where t.closed_at is null and t.state <> 'CLOSED'
       and (s.revoked_at is not null or k.revoked_at is not null or k.expires_at <= now()
         or u.deactivated_at is not null or not u.role = any($1) or not coalesce(k.role, u.role) = any($1))`,
    [mayOpen],
  )
  return rows.map(toEnded)
}

/** Three times as long as one waits for it: the replica that did died, or the database was away when it gave up. */
export const findForsaken = async (db: Pick<Db, 'query'>): Promise<Ended[]> => {
  const rows = await db.query<Row>(
    `select id, instance_id from terminals
     where closed_at is null and state = 'OPENING' and opened_at < now() - $1 * interval '1 ms'`,
    [3 * LIMITS.terminalOpenTimeoutMs],
  )
  return rows.map(toEnded)
}

/** For this long an agent that never says how a terminal ended is told again to end it; perhaps it never had it. */
const tellForMs = 5 * 60_000

/**
 * Those whose order to end may have been lost: somebody asked, or the console closed them by itself, and the agent has
 * not said how they ended. On its next link it is told of all of them anyhow.
 */
export const findUntold = async (
  db: Pick<Db, 'query'>,
  nowMs: number,
): Promise<(Ended & { reason: CloseReason })[]> => {
  const rows = await db.query<Row & { reason: CloseReason | null }>(
    `select t.id, t.instance_id, t.reason from terminals t join instances i on i.id = t.instance_id and i.epoch = t.epoch
     where t.closed_at is null and t.state <> 'CLOSED' and t.closed_by is not null
       or t.closed_at > $1 and t.final_offset is null and t.reason in ('REVOKED', 'FAILED')`,
    [new Date(nowMs - tellForMs)],
  )
  return rows.map((row) => ({ ...toEnded(row), reason: row.reason ?? 'ENDED' }))
}
