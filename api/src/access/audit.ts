// The audit log: its pages, and the entries about what was refused.
import type { Audit, AuditEntry, AuditFilter, ActorKind, AuditOutcome, Viewer } from '@sindri/schema'
import { badInput, Fault, type FaultCode } from '@sindri/schema/contract/codes'
import { LIMITS } from '@sindri/schema/contract/limits'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import type { Log } from '../platform/log.ts'
import { networkOf } from '../platform/network.ts'
import { type IdKind, isId, PREFIXES } from '../platform/ids.ts'
import { pageSize, readCursor, toPage } from '../platform/paging.ts'
import { likePart, searchOf } from '../platform/text.ts'

const denials: readonly FaultCode[] = ['FORBIDDEN', 'UNAUTHENTICATED', 'PASSWORD_CHANGE_REQUIRED']

/** Names as whom somebody tried to sign in: beside the fault, since its details go back to them. */
const names = new WeakMap<Fault, string>()

export const attemptedAs = (fault: Fault, email: string): void => {
  names.set(fault, email.trim().slice(0, 100))
}

/** What PostgreSQL takes as text. */
const storable = (text: string): string => text.replaceAll('\0', '\uFFFD').toWellFormed()

const kindOf = (id: string): string => (Object.keys(PREFIXES) as IdKind[]).find((kind) => isId(kind, id)) ?? 'unknown'

/** Somebody unknown who is sent away again and again is written once in this time: they shall not fill the disk. */
const repeatMs = 60_000
const repeatsMax = 1_000

export const createAudit = ({ db, clock, log }: { db: Db; clock: Clock; log: Pick<Log, 'error'> }): Audit => {
  const writtenMs = new Map<string, number>()

  const isRepeat = (viewer: Viewer, mutation: string, fault: Fault): boolean => {
    // Each password that was tried counts, and they are throttled.
    if (viewer.kind !== 'anonymous' || fault.code === 'SIGN_IN_FAILED') return false
    const nowMs = clock.monotonicMs()
    const what = `${networkOf(viewer.ip)} ${mutation} ${fault.code}`
    const known = writtenMs.get(what)
    if (known !== undefined && nowMs - known < repeatMs) return true
    if (writtenMs.size >= repeatsMax) writtenMs.clear()
    writtenMs.set(what, nowMs)
    return false
  }

  return {
    async page(_, { filter, ...args }) {
      const size = pageSize(args)
      const after = readCursor<[string, string]>(args.after, ['time', 'string'])
      if (after && !/^\d{1,18}$/.test(after[1])) throw badInput('after', 'a cursor of this very list', args.after)
      const search = searchOf('filter.search', filter?.search, LIMITS.searchChars)
      const rows = await db.query<Row>(
        `${search === null ? '' : withFound('$10')} ${selectEntries}
       where ($1::text is null or e.actor_id = $1) and ($2::text is null or e.action = $2 or starts_with(e.action, $2 || '.'))
         and ($3::text is null or e.target_id = $3) and ($4::audit_outcome is null or e.outcome = $4)
         and ($5::timestamptz is null or e.at >= $5) and ($6::timestamptz is null or e.at < $6)
         and ($7::timestamptz is null or (e.at, e.id) < ($7, $8::int8)) ${search === null ? '' : isFound('$10', '$11')}
       order by e.at desc, e.id desc limit $9`,
        [
          ...filterOf(filter ?? {}),
          after?.[0],
          after?.[1],
          size + 1,
          ...(search === null ? [] : [likePart(search), search]),
        ],
      )
      // Not counted: the log only grows, and counting it would cost more than the page.
      return toPage(rows, size, null, (row) => [row.at.toISOString(), row.id], toEntry)
    },

    async one(_, id) {
      const [row] = /^\d{1,18}$/.test(id) ? await db.query<Row>(`${selectEntries} where e.id = $1::int8`, [id]) : []
      if (!row) throw new Fault('NOT_FOUND', 'There is no audit entry of this number.')
      return toEntry(row)
    },

    async refused(viewer, mutation, action, targetId, fault) {
      if (isRepeat(viewer, mutation, fault)) return
      try {
        const id = targetId === null ? null : storable(targetId)
        const name = names.get(fault)
        await db.audit((name === undefined ? viewer : { ...viewer, name: storable(name) }) as Viewer, {
          action: `${action}.${mutation}`,
          ...(id !== null && { target: { kind: kindOf(id), id } }),
          outcome: denials.includes(fault.code) ? 'DENIED' : 'FAILED',
          code: fault.code,
        })
      } catch (error) {
        log.error('an audit entry could not be written', {
          error,
          mutation,
          code: fault.code,
          requestId: viewer.requestId,
        })
      }
    },
  }
}

/** Names are those of now: an entry keeps the id alone, which outlives what it names. */
const selectEntries = `
  select e.id::text, e.at, e.actor_kind, e.actor_id, e.actor_name, e.action, e.target_kind, e.target_id,
    coalesce(i.name, u.name, k.name, su.name, ti.name, ci.name,
      case when e.target_kind = 'view' then coalesce(e.after ->> 'name', e.before ->> 'name') end) as target_name, e.outcome, e.code, e.before, e.after, e.ip, e.user_agent, e.request_id
  from audit_entries e
    left join instances i on e.target_kind = 'instance' and i.id = e.target_id
    left join users u on e.target_kind = 'user' and u.id = e.target_id
    left join api_keys k on e.target_kind = 'key' and k.id = e.target_id
    left join sessions s on e.target_kind = 'session' and s.id = e.target_id
    left join users su on su.id = s.user_id
    left join terminals t on e.target_kind = 'terminal' and t.id = e.target_id
    left join instances ti on ti.id = t.instance_id
    left join commands c on e.target_kind = 'command' and c.id = e.target_id
    left join instances ci on ci.id = c.instance_id`

/** The ids of what is called like that: few, and found before the log is read. */
const withFound = (part: string): string => `
  with named as materialized (
    select id from instances where lower(name) like ${part}
    union all select id from users where lower(name) like ${part} or email like ${part}
    union all select id from api_keys where lower(name) like ${part}
  )`

const isFound = (part: string, whole: string): string => `
  and (lower(e.actor_name) like ${part} or e.target_id in (select id from named) or starts_with(e.ip, ${whole})
    or lower(e.actor_id) = ${whole} or lower(e.target_id) = ${whole} or lower(e.request_id) = ${whole})`

const filterOf = ({ actorId, action, targetId, outcome, from, to }: AuditFilter): unknown[] => {
  if (action != null && !/^[A-Za-z]+(\.[A-Za-z]+)*$/.test(action)) {
    throw badInput('filter.action', 'an action or its beginning up to a dot, such as "terminal"', action)
  }
  const ids = [actorId, targetId].map((id) => (id == null ? id : storable(id)))
  return [ids[0], action, ids[1], outcome, from, to]
}

interface Row {
  id: string
  at: Date
  actor_kind: ActorKind
  actor_id: string | null
  actor_name: string | null
  action: string
  target_kind: string | null
  target_id: string | null
  target_name: string | null
  outcome: AuditOutcome
  code: string | null
  before: unknown
  after: unknown
  ip: string | null
  user_agent: string | null
  request_id: string | null
}

const toEntry = (row: Row): AuditEntry => ({
  id: row.id,
  at: row.at,
  actorKind: row.actor_kind,
  actorId: row.actor_id,
  actorName: row.actor_name,
  action: row.action,
  targetKind: row.target_kind,
  targetId: row.target_id,
  targetName: row.target_name,
  outcome: row.outcome,
  code: row.code,
  before: row.before,
  after: row.after,
  ip: row.ip,
  userAgent: row.user_agent,
  requestId: row.request_id,
})
