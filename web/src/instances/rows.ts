// The rows of the list as a fold: read once, then changed in place; what is new waits, so that nothing moves under the pointer.
import type {
  InstanceRowFragment,
  InstancesChangedSubscription,
  InstancesQuery,
  RowSampleFragment,
  RowsSampledSubscription,
} from '../graph/gql/graphql.ts'

export interface Row {
  instance: InstanceRowFragment
  latest: RowSampleFragment | null
  /** Gone since the list was read. */
  removed: boolean
}

export interface Rows {
  rows: Row[]
  /** Of all that match; null where it was not counted. */
  matching: number | null
  /** Of the whole fleet. */
  all: number | null
  endCursor: string | null
  hasNextPage: boolean
  /** Enrolled since the list was read. */
  news: string[]
  /** When the newest of the fleet enrolled, by the console's clock: the browser's may be another. */
  newestAt: string | null
  readAt: number
}

export type RowMessage =
  | { kind: 'changed'; change: InstancesChangedSubscription['instanceChanged'] }
  | { kind: 'sampled'; live: RowsSampledSubscription['metricSampled'] }

export const toRows = (answer: InstancesQuery, readAt: number): Rows => ({
  rows: answer.instances.edges.map(({ node: { latest, ...instance } }) => ({
    instance,
    latest: latest ?? null,
    removed: false,
  })),
  matching: answer.instances.totalCount ?? null,
  all: answer.all.totalCount ?? null,
  endCursor: answer.instances.pageInfo.endCursor ?? null,
  hasNextPage: answer.instances.pageInfo.hasNextPage,
  news: [],
  newestAt: answer.all.edges[0]?.node.createdAt ?? null,
  readAt,
})

const replace = (state: Rows, id: string, renew: (row: Row) => Row): Rows => ({
  ...state,
  rows: state.rows.map((row) => (row.instance.id === id ? renew(row) : row)),
})

export const foldRows = (state: Rows, message: RowMessage): Rows => {
  if (message.kind === 'sampled') {
    const { instanceId, sample } = message.live
    return replace(state, instanceId, (row) =>
      row.latest && row.latest.at > sample.at ? row : { ...row, latest: sample },
    )
  }
  const { id, instance } = message.change
  if (state.rows.some((row) => row.instance.id === id)) {
    return replace(state, id, (row) => (instance ? { ...row, instance, removed: false } : { ...row, removed: true }))
  }
  if (!instance || state.news.includes(id)) return state
  if (state.newestAt !== null && Date.parse(instance.createdAt) <= Date.parse(state.newestAt)) return state
  return { ...state, news: [...state.news, id] }
}

/**
 * While the pointer or the focus is in the list, rows stay where they are: those read anew are shown in the old
 * order, and those that were not there before wait.
 */
export const holdOrder = (shown: readonly Row[], fresh: readonly Row[]): { rows: Row[]; waiting: number } => {
  const byId = new Map(fresh.map((row) => [row.instance.id, row]))
  const rows = shown.map((row) => byId.get(row.instance.id) ?? row)
  const known = new Set(shown.map((row) => row.instance.id))
  return { rows, waiting: fresh.filter((row) => !known.has(row.instance.id)).length }
}
