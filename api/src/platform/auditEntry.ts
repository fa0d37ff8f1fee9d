// One line of the audit log, written the same way whoever acts: user, key, agent or the console itself.
import type { Viewer } from '@sindri/schema'
import type { Query } from './engines/store.ts'

/** The console acting by itself, such as a sweep or the first start. */
export interface Actor {
  kind: 'system'
  name: string
}

export interface Target {
  kind: string
  id?: string | null
}

export interface AuditFacts {
  action: string
  target?: Target
  outcome: 'ALLOWED' | 'DENIED' | 'FAILED'
  /** Fault code of a refusal or failure. */
  code?: string
  before?: unknown
  after?: unknown
}

const toJson = (value: unknown): string | null => (value === undefined || value === null ? null : JSON.stringify(value))

/** What was done to one of many. */
export type Part = Pick<AuditFacts, 'before' | 'after'> & { target: Target }

/** An entry for each, in one statement: what was done to many at once is found at each of them. */
export const insertAuditParts = async (
  query: Query,
  viewer: Viewer | Actor,
  { action, outcome }: Pick<AuditFacts, 'action' | 'outcome'>,
  parts: readonly Part[],
): Promise<void> => {
  const origin = 'ip' in viewer ? viewer : undefined
  await query(
    `insert into audit_entries (actor_kind, actor_id, actor_name, action, outcome, ip, user_agent, request_id,
       target_kind, target_id, before, after)
     select $1::actor_kind, $2, $3, $4, $5::audit_outcome, $6, $7, $8, part.kind, part.id, part.before, part.after
     from jsonb_to_recordset($9::jsonb) as part (kind text, id text, before jsonb, after jsonb)`,
    [
      viewer.kind.toUpperCase(),
      'id' in viewer ? viewer.id : null,
      'name' in viewer ? viewer.name : null,
      action,
      outcome,
      origin?.ip,
      origin?.userAgent,
      origin?.requestId,
      JSON.stringify(parts.map(({ target, before, after }) => ({ ...target, before, after }))),
    ],
  )
}

/** Time is the database's: replicas whose clocks differ still write one order. */
export const insertAudit = async (query: Query, viewer: Viewer | Actor, facts: AuditFacts): Promise<void> => {
  const { action, target, outcome, code, before, after } = facts
  const origin = 'ip' in viewer ? viewer : undefined
  await query(
    `insert into audit_entries (actor_kind, actor_id, actor_name, action, target_kind, target_id, outcome, code, before, after,
       ip, user_agent, request_id)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    [
      viewer.kind.toUpperCase(),
      'id' in viewer ? viewer.id : null,
      'name' in viewer ? viewer.name : null,
      action,
      target?.kind,
      target?.id,
      outcome,
      code,
      toJson(before),
      toJson(after),
      origin?.ip,
      origin?.userAgent,
      origin?.requestId,
    ],
  )
}
