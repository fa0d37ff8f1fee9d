// What agents report of commands: whether one may begin, what it wrote, how it ended, and what died with a former run.
import type { AgentViewer, CommandReports, PublishAnswer, Refusal } from '@sindri/schema'
import { badInput } from '@sindri/schema/contract/codes'
import { LIMITS } from '@sindri/schema/contract/limits'
import type { Db, Tx } from '../platform/db.ts'
import { isId } from '../platform/ids.ts'
import { checkRecords, superseded, toAnswer } from '../platform/records.ts'
import { checkCommandId, type CheckedRecord, checkRecord } from './check.ts'

interface Deps {
  db: Db
  /** Told after the commit. */
  changed: (id: string) => void
  grew: (id: string) => void
  /** Gives its agent what waits for it. */
  deliver: (instanceId: string) => Promise<void>
}

/** Whether the link is the newest of its agent: an older one changes nothing. */
const isCurrent = `exists (select 1 from instances where id = $1 and epoch = $2 and deleted_at is null)`

/** The run that was given the claim may be told again: its answer may have been lost. */
const claimStatement = `
update commands set state = 'RUNNING', run = $3, started_at = coalesce(started_at, now()), payload = null,
  revision = revision + 1, changed_at = now()
where id = $4 and instance_id = $1 and ${isCurrent} and (state in ('QUEUED', 'SENT') or (state = 'RUNNING' and run = $3))
returning id`

const heldStatement = `
update commands set state = 'INTERRUPTED', finished_at = now(), revision = revision + 1, changed_at = now(),
  message = 'The agent ended while it ran: it may have run, in part or whole.'
where instance_id = $1 and ${isCurrent} and state = 'RUNNING' and run <> $3
returning id`

const outputStatement = `
with fresh as (
  insert into command_output (command_id, stream, at, data)
  select r.id, r.stream::command_stream, r.at, decode(r.data, 'base64')
  from unnest($1::text[], $2::text[], $3::int8[], $4::text[]) as r (id, stream, at, data)
  order by r.id, r.stream, r.at
  on conflict do nothing returning command_id, stream, at, length(data) as bytes
), counted as (
  update commands c set
    stdout_bytes = c.stdout_bytes + s.out, stderr_bytes = c.stderr_bytes + s.err
  from (
    select command_id, coalesce(sum(bytes) filter (where stream = 'STDOUT'), 0) as out,
      coalesce(sum(bytes) filter (where stream = 'STDERR'), 0) as err
    from fresh group by command_id
  ) s where c.id = s.command_id and c.state = 'RUNNING'
)
select command_id || ' ' || stream || ' ' || at as key from fresh`

const endStatement = `
update commands c set state = r.outcome::command_state, exit_code = r.exit_code, signal = r.signal, message = r.message,
  stdout_bytes = r.stdout, stderr_bytes = r.stderr, dropped_bytes = r.dropped, duration_ms = r.duration,
  finished_at = now(), revision = revision + 1, changed_at = now()
from unnest($1::text[], $2::text[], $3::int4[], $4::text[], $5::text[], $6::int8[], $7::int8[], $8::int8[], $9::int8[])
  as r (id, outcome, exit_code, signal, message, stdout, stderr, dropped, duration)
where c.id = r.id and c.state = 'RUNNING'
returning c.id`

const storeOutput = async ({ query }: Pick<Tx, 'query'>, records: readonly CheckedRecord[]): Promise<Set<string>> => {
  const outputs = records.flatMap(({ commandId, output }) => (output ? [{ commandId, ...output }] : []))
  if (outputs.length === 0) return new Set()
  const rows = await query<{ key: string }>(outputStatement, [
    outputs.map(({ commandId }) => commandId),
    outputs.map(({ stream }) => stream),
    outputs.map(({ offset }) => offset),
    outputs.map(({ data }) => data),
  ])
  return new Set(rows.map(({ key }) => key))
}

const storeEnds = async ({ query }: Pick<Tx, 'query'>, records: readonly CheckedRecord[]): Promise<Set<string>> => {
  const ends = records.flatMap(({ commandId, finished }) => (finished ? [{ commandId, ...finished }] : []))
  if (ends.length === 0) return new Set()
  const rows = await query<{ id: string }>(endStatement, [
    ends.map(({ commandId }) => commandId),
    ends.map(({ outcome }) => outcome),
    ends.map(({ exitCode }) => exitCode),
    ends.map(({ signal }) => signal),
    ends.map(({ message }) => message),
    ends.map(({ stdoutBytes }) => stdoutBytes),
    ends.map(({ stderrBytes }) => stderrBytes),
    ends.map(({ droppedBytes }) => droppedBytes),
    ends.map(({ durationMs }) => durationMs),
  ])
  return new Set(rows.map(({ id }) => id))
}

export const createReports = ({ db, changed, grew, deliver }: Deps): CommandReports => {
  const publish = async (agent: AgentViewer, records: readonly unknown[]): Promise<PublishAnswer> => {
    const { accepted, refusals } = checkRecords(records, checkRecord)
    if (accepted.length === 0) return toAnswer(records.length, { accepted, refusals }, [])
    const answer = await db.tx(async (tx) => {
      // Locked: two batches with news of one command follow one another.
      const [link] = await tx.query(`select 1 where ${isCurrent}`, [agent.id, agent.epoch])
      if (!link) throw superseded()
      const rows = await tx.query<{ id: string; run: string | null }>(
        'select id, run from commands where instance_id = $1 and id = any($2) order by id for update',
        [agent.id, [...new Set(accepted.map(({ record }) => record.commandId))]],
      )
      const runs = new Map(rows.map(({ id, run }) => [id, run]))
      const own = accepted.filter(({ record }) => runs.get(record.commandId) === record.run)
      const foreign = accepted
        .filter((each) => !own.includes(each))
        .map(({ index, record }): Refusal => ({
          index,
          code: 'NOT_FOUND',
          field: 'commandId',
          expected: 'a command that this run claimed',
          got: record.commandId,
        }))
      const mine = own.map(({ record }) => record)
      const outputs = await storeOutput(tx, mine)
      const ends = await storeEnds(tx, mine)
      const isStored = ({ commandId, output }: CheckedRecord): boolean =>
        output ? outputs.delete(`${commandId} ${output.stream} ${output.offset}`) : ends.delete(commandId)
      const told = { grew: new Set([...outputs].map((key) => key.split(' ', 1)[0] ?? '')), ended: new Set(ends) }
      const stored = mine.map(isStored)
      return {
        told,
        answer: toAnswer(records.length, { accepted: own, refusals: [...refusals, ...foreign] }, stored),
      }
    })
    for (const id of answer.told.ended) changed(id)
    for (const id of new Set([...answer.told.grew, ...answer.told.ended])) grew(id)
    return answer.answer
  }

  return {
    publish,

    async claim(agent, id) {
      checkCommandId(id)
      const [row] = await db.query(claimStatement, [agent.id, agent.epoch, agent.run, id])
      if (row) changed(id)
      else {
        const [link] = await db.query(`select 1 where ${isCurrent}`, [agent.id, agent.epoch])
        if (!link) throw superseded()
      }
      return row !== undefined
    },

    async held(agent, ids) {
      const most = LIMITS.commandsPerAgent
      if (ids.length > most || ids.some((id) => !isId('command', id)))
        throw badInput('ids', `at most ${most} ids of commands`, ids.length > most ? ids.length : ids)
      const rows = await db.query<{ id: string }>(heldStatement, [agent.id, agent.epoch, agent.run])
      for (const { id } of rows) {
        changed(id)
        grew(id)
      }
      await deliver(agent.id)
      return true
    },
  }
}
