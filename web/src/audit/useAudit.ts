// The audit log as the address filters it, newest first, and one entry of it by its number.
import { type ComputedRef, computed, onScopeDispose } from 'vue'
import { type AuditLineFragment, AuditOneDocument, AuditPageDocument } from '../graph/gql/graphql.ts'
import { type Graph, useGraph } from '../graph/graph.ts'
import type { Page } from '../graph/newest.ts'
import { useLive } from '../graph/useLive.ts'
import { useNewest } from '../graph/useNewest.ts'
import { systemClock } from '../platform/clock.ts'
import { type AuditQuery, toAuditFilter } from './auditQuery.ts'

/** Pages of entries under one filter, whose span of time stands still from the first page to the last. */
export const auditPages = (graph: Pick<Graph, 'query'>, list: AuditQuery, first: number) => {
  const filter = toAuditFilter(list, systemClock.now())
  return async (after: string | null): Promise<Page<AuditLineFragment>> => {
    const { audit } = await graph.query(AuditPageDocument, { filter, first, after })
    return {
      items: audit.edges.map(({ node }) => node),
      endCursor: audit.pageInfo.endCursor ?? null,
      more: audit.pageInfo.hasNextPage,
    }
  }
}

const ROWS = 50
/** Nobody tells of new entries: soon enough for whoever watches what somebody does, and a page of rows each time. */
const AGAIN_MS = 5_000

export const useAudit = (list: ComputedRef<AuditQuery>) => {
  const graph = useGraph()
  const newest = useNewest<AuditLineFragment>(list, () => ({ readPage: auditPages(graph, list.value, ROWS) }))
  onScopeDispose(systemClock.every(AGAIN_MS, newest.reread))
  return newest
}

/** From the list where it is there, else from the console: a link may lead to an entry of long ago. */
export const useAuditEntry = (id: () => string | null, items: () => readonly AuditLineFragment[]) => {
  const { query } = useGraph()
  const listed = computed(() => items().find((entry) => entry.id === id()))
  const { state, fault, reread } = useLive<AuditLineFragment, never>([id, () => listed.value === undefined], () => {
    const wanted = id()
    if (wanted === null || listed.value) return undefined
    return { read: async () => (await query(AuditOneDocument, { id: wanted })).auditEntry, fold: (entry) => entry }
  })
  const entry = computed(() => listed.value ?? (state.value?.id === id() ? state.value : undefined))
  return { entry, fault: computed(() => (entry.value ? undefined : fault.value)), reread }
}
