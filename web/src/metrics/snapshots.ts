// What whole samples tell of each core, mount and interface over time, each as a line of its own.
import type { SnapshotsQuery } from '../graph/gql/graphql.ts'
import { diskPercent } from '../graph/sampleFigures.ts'

export type Snapshot = SnapshotsQuery['metricSnapshots']['edges'][number]['node']

export interface HistoryPoint {
  at: number
  value: number | null
}
export type History = readonly HistoryPoint[]

export interface Snapshots {
  /** Oldest first. */
  items: readonly Snapshot[]
  /** Behind the newest that was read. */
  endCursor: string | null
}

/** What was read since stands behind what is shown; what left the span goes. */
export const addSnapshots = (
  shown: Snapshots | undefined,
  items: readonly Snapshot[],
  endCursor: string | null,
  from: number,
): Snapshots => ({
  items: [...(shown?.items ?? []), ...items].filter(({ at }) => Date.parse(at) >= from),
  endCursor: endCursor ?? shown?.endCursor ?? null,
})

const historyBy = (items: readonly Snapshot[], value: (snapshot: Snapshot) => number | null | undefined): History =>
  items.map((snapshot) => ({ at: Date.parse(snapshot.at), value: value(snapshot) ?? null }))

/** By the number of the core. */
export const coreHistory = (items: readonly Snapshot[], core: number): History =>
  historyBy(items, ({ cpu }) => cpu?.perCore?.[core])

/** The share that is used, as df counts it. */
export const mountHistory = (items: readonly Snapshot[], mountPoint: string): History =>
  historyBy(items, ({ disks }) =>
    diskPercent({ disks: (disks ?? []).filter((disk) => disk.mountPoint === mountPoint) }),
  )

export const interfaceHistory = (
  items: readonly Snapshot[],
  name: string,
  rate: 'rxBytesPerSecond' | 'txBytesPerSecond',
): History => historyBy(items, ({ network }) => network?.find((one) => one.name === name)?.[rate])
