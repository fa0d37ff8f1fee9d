// Drops that agents had to make: counted, kept once however often they are reported, and shown as gaps.
import type { AgentViewer, PublishAnswer } from '@sindri/schema'
import type { Db } from '../platform/db.ts'
import { checkRecords, storedOf, superseded, toAnswer } from '../platform/records.ts'
import type { Window } from '../platform/records.ts'
import { checkGap } from './check.ts'

const statement = `
with link as materialized (select num from instances where num = $1 and epoch = $2 and deleted_at is null),
inserted as (
  insert into metric_gap (instance, run, seq, from_at, to_at, dropped)
  select link.num, r.* from link, unnest($3::uuid[], $4::int4[], $5::timestamptz[], $6::timestamptz[], $7::int4[]) as r (run, seq, from_at, to_at, dropped)
  order by r.run, r.seq
  on conflict do nothing returning run, seq
)
select exists (select 1 from link) as current, array(select run || '/' || seq from inserted) as stored`

export const publishGaps = async (
  db: Pick<Db, 'query'>,
  window: Window,
  agent: AgentViewer,
  records: readonly unknown[],
): Promise<PublishAnswer> => {
  const checked = checkRecords(records, (record) => checkGap(record, window))
  const gaps = checked.accepted.map(({ record }) => record)
  if (gaps.length === 0) return toAnswer(records.length, checked, [])
  const [answer] = await db.query<{ current: boolean; stored: string[] }>(statement, [
    agent.num,
    agent.epoch,
    gaps.map(({ run }) => run),
    gaps.map(({ seq }) => seq),
    gaps.map(({ from }) => from),
    gaps.map(({ to }) => to),
    gaps.map(({ dropped }) => dropped),
  ])
  if (!answer?.current) throw superseded()
  return toAnswer(
    records.length,
    checked,
    storedOf(
      gaps.map(({ run, seq }) => `${run}/${seq}`),
      answer.stored,
    ),
  )
}
