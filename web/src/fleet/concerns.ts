// What needs somebody, as lines: each with its silhouette, its sentence and the way to where something can be done.
import type { RouteLocationRaw } from 'vue-router'
import type { FleetConcernKind, FleetConcernsQuery } from '../graph/gql/graphql.ts'
import type { GlyphName } from '../ui/glyphs.ts'
import { t } from '../words/words.ts'

export type Concern = FleetConcernsQuery['fleet']['concerns'][number]

export const CONCERN_GLYPHS: Record<FleetConcernKind, GlyphName> = {
  OFFLINE: 'offline',
  TAKEOVER: 'high',
  FLAPPING: 'high',
  STALE: 'stale',
  DENIED: 'denied',
}

export interface ConcernLine {
  key: string
  kind: FleetConcernKind
  title: string
  detail: string
  at: number
  to: RouteLocationRaw | undefined
}

/** Where all cases of a kind are listed; undefined where there is no such list. */
export const listOf = (kind: FleetConcernKind): RouteLocationRaw | undefined =>
  kind === 'OFFLINE' || kind === 'STALE'
    ? { name: 'instances', query: { status: kind.toLowerCase() } }
    : kind === 'TAKEOVER'
      ? { name: 'instances' }
      : kind === 'DENIED'
        ? { name: 'audit', query: { outcome: 'denied' } }
        : undefined

export const toLines = (concerns: readonly Concern[]): ConcernLine[] =>
  concerns.flatMap(({ kind, latest }) =>
    latest.map(({ at, instanceId, name, detail, times }, place) => ({
      key: `${kind} ${instanceId ?? at} ${place}`,
      kind,
      title: t(`fleet.concern.${kind}.title`, { name: name ?? t('fleet.concern.somebody') }),
      detail: t(`fleet.concern.${kind}.detail`, { detail: detail ?? '', times }),
      at: Date.parse(at),
      to: instanceId ? { name: 'instance', params: { id: instanceId } } : listOf(kind),
    })),
  )

/** Cases beyond those that are shown. */
export const restOf = (concerns: readonly Concern[]): { kind: FleetConcernKind; count: number }[] =>
  concerns.map(({ kind, count, latest }) => ({ kind, count: count - latest.length })).filter(({ count }) => count > 0)
