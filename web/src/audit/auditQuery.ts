// What the audit log shows, as it stands in the address: a search, who, what, whereon, the outcome, a span of time, and the open entry.
import type { LocationQuery, LocationQueryRaw } from 'vue-router'
import type { AuditFilter, AuditOutcome } from '../graph/gql/graphql.ts'
import { isAnyTime, parseTimeRange, printTimeRange, resolveTimeRange, textOf, type TimeRange } from '../ui/timeRange.ts'

export interface AuditQuery {
  search: string
  actorId: string | null
  action: string | null
  targetId: string | null
  outcome: AuditOutcome | null
  range: TimeRange
}

const OUTCOMES: Record<string, AuditOutcome> = { allowed: 'ALLOWED', denied: 'DENIED', failed: 'FAILED' }

/** Whatever is unknown in an address is left out, never refused. */
export const parseAuditQuery = (query: LocationQuery): AuditQuery => {
  const action = textOf(query['action'])
  const outcome = textOf(query['outcome'])
  return {
    search: textOf(query['search']),
    actorId: textOf(query['actor']) || null,
    action: /^[A-Za-z]+(\.[A-Za-z]+)*$/.test(action) ? action : null,
    targetId: textOf(query['target']) || null,
    outcome: Object.hasOwn(OUTCOMES, outcome) ? (OUTCOMES[outcome] ?? null) : null,
    range: parseTimeRange(query),
  }
}

export const printAuditQuery = ({
  search,
  actorId,
  action,
  targetId,
  outcome,
  range,
}: AuditQuery): LocationQueryRaw => ({
  ...(search && { search }),
  ...(actorId && { actor: actorId }),
  ...(action && { action }),
  ...(targetId && { target: targetId }),
  ...(outcome && { outcome: outcome.toLowerCase() }),
  ...printTimeRange(range),
})

export const toAuditFilter = ({ search, range, ...rest }: AuditQuery, now: number): AuditFilter => ({
  ...rest,
  search: search || null,
  ...resolveTimeRange(range, now),
})

export const auditFilterCount = ({ range, ...rest }: AuditQuery): number =>
  Object.values(rest).filter(Boolean).length + Number(!isAnyTime(range))
