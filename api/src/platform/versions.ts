// Notices of rows as the rows they speak of.
import { type Gap, gap, type Subscription } from './bus.ts'
import { sift } from './sift.ts'

export interface VersionsOptions<Row> {
  /** The row as it is now; undefined: there is none, or it is not this reader's. */
  load(id: string): Promise<Row | undefined>
  /** A notice that could not be looked up is as good as lost, and becomes a gap. */
  onError(id: string, error: unknown): void
}

export const versionsOf = <Row>(
  notices: Subscription<{ id: string }>,
  { load, onError }: VersionsOptions<Row>,
): Subscription<Row> => {
  const rows = sift(notices, (notice): Gap | Promise<Row | Gap | undefined> =>
    notice === gap
      ? gap
      : load(notice.id).catch((error: unknown) => {
          onError(notice.id, error)
          return gap
        }),
  )
  return {
    next: () => rows.next(),
    return: () => notices.return(),
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
