// Deletes what is too old, a little at a time, and never because a clock is wrong.
import type { Clock } from './clock.ts'
import type { Query } from './engines/store.ts'

/** Now, for judging age: of our clock and the database's the earlier one, since the other may be years ahead. */
export const soberNow = async (query: Query, clock: Pick<Clock, 'now'>): Promise<number> => {
  const [row] = await query<{ now: Date }>('select now() as now')
  return Math.min(clock.now(), row?.now.getTime() ?? 0)
}

/** Rows in one statement: some 20 ms on the embedded database, which everybody else waits for. */
const rowsAtOnce = 2_000

/** Deletes the rows of `table` that meet the condition; returns how many. Replicas may do the same at once. */
export const deleteSome = async (
  query: Query,
  table: string,
  condition: string,
  params: readonly unknown[],
  signal?: AbortSignal,
): Promise<number> => {
  for (let deleted = 0; ;) {
    const [row] = await query<{ n: number }>(
      `with gone as (
         delete from ${table} where ctid = any (array(select ctid from ${table} where ${condition} limit ${rowsAtOnce} for update skip locked)) returning 1
       ) select count(*) as n from gone`,
      params,
    )
    deleted += row?.n ?? 0
    if ((row?.n ?? 0) < rowsAtOnce || signal?.aborted) return deleted
  }
}
