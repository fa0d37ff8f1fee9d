// Whole samples of the last two days, one every five minutes: what ran, and on which cores, mounts and interfaces.
import type { MetricSample, MetricSnapshotsArgs, Page } from '@sindri/schema'
import { badInput } from '@sindri/schema/contract/codes'
import type { Db } from '../platform/db.ts'
import { pageSize, readCursor, toPage } from '../platform/paging.ts'
import { BUCKET_MS, floorTo } from './buckets.ts'
import type { FindInstance } from './findInstance.ts'

interface Row {
  bucket: Date
  at: Date
  detail: Omit<MetricSample, 'at'>
}

export const createSnapshots =
  ({ db, find }: { db: Pick<Db, 'query'>; find: FindInstance }) =>
  async (args: MetricSnapshotsArgs): Promise<Page<MetricSample>> => {
    const { instanceId, from, to } = args
    const size = pageSize(args)
    const after = readCursor<[string]>(args.after, ['time'])?.[0]
    if (!(from < to)) throw badInput('to', `a time after ${from.toISOString()}`, to.toISOString())
    const { num } = await find(instanceId)
    // By bucket, which is the key; the first sample of a bucket may be from before the range.
    const rows = await db.query<Row>(
      `select bucket, at, detail from metric_snapshot
       where instance = $1 and bucket >= $2 and bucket < $4 and at >= $3 and at < $4 and ($5::timestamptz is null or bucket > $5)
       order by bucket limit $6`,
      [num, new Date(floorTo(from.getTime(), BUCKET_MS)), from, to, after, size + 1],
    )
    return toPage(
      rows,
      size,
      null,
      (row) => [row.bucket.toISOString()],
      ({ at, detail }) => ({ ...detail, at }),
    )
  }
