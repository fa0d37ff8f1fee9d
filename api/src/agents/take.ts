// Takes the links of instances, each for one run: those who come at once share a transaction; an instance has one row, one lock, one epoch.
import { Fault } from '@sindri/schema/contract/codes'
import type { Liveness } from '@sindri/schema/contract/status'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import { prepared } from '../platform/prepared.ts'
import { type Batch, createGroupCommit, type GroupCommit } from '../platform/groupCommit.ts'
import { ulidToUuid } from '../platform/ids.ts'
import type { Log } from '../platform/log.ts'
import type { Hello } from './hello.ts'
import { replicaAliveMs } from './liveness.ts'
import type { Observed, RecordEvents } from './observed.ts'
import { judgeTurns, type Turn } from './turns.ts'

/** In SQL, of a row of replicas. */
export const replicaAlive = (alias: string): string => `${alias}.seen_at > now() - interval '${replicaAliveMs} ms'`

/** An agent whose key was proved, and which wants the link. */
export interface Comer {
  hello: Hello
  thumbprint: string
  ip: string
  /** Asked at the last moment: whoever went away while it waited takes no link. */
  isThere(): boolean
}

export interface Taken {
  num: number
  name: string
  /** UUID. */
  run: string
  epoch: number
  /** Whose link it was before learns why it closes. */
  reason: 'SUPERSEDED' | 'DUPLICATE'
}

/** What is read of an instance, and what becomes of it comer by comer. */
interface Held {
  id: string
  num: number
  name: string
  thumbprint: string
  epoch: number
  run: string | null
  liveness: Liveness
  turns: Turn[]
  kept_out: string | null
  /** By a replica that lives. */
  held: boolean
  now_ms: number
}

interface TakeBatch extends Batch {
  rows: readonly [Comer]
}

/** Links that are taken in one transaction: it keeps their rows locked for as long as it takes. */
const atOnce = 200

const duplicate = (name: string): Fault =>
  new Fault(
    'DUPLICATE_INSTANCE',
    `Another machine with the same identity holds the link of ${name}. Give one of them an identity of its own: another SINDRI_INSTANCE_ID and an empty state directory.`,
    {
      retryAfterMs: 60_000,
    },
  )

const place = ({ hostname, address }: Turn): string => `${hostname ?? 'a machine'} (${address})`

/** Lets one comer take the link, or not; the row is then as it has to be written, and what was seen is in `events`. */
const judge = (row: Held, { hello, ip }: Comer, events: Observed[]): Taken | Fault => {
  const run = ulidToUuid(hello.run)
  const { num, name } = row
  const see = (type: Observed['type'], message: string, metadata: Record<string, unknown>): void => {
    events.push({ instanceId: row.id, instanceNum: num, instanceName: name, type, message, metadata })
  }
  const holder = row.held ? row.run : null
  // It lost against a clone that is still there.
  if (row.kept_out === run && holder !== null && holder !== run) return duplicate(name)

  const { turns, comer, clones } = judgeTurns(
    row.turns,
    { run, hostname: hello.hostname, address: ip },
    holder,
    row.now_ms,
  )
  row.turns = turns
  if (clones) {
    const { stays, waits } = clones
    see(
      'ERROR',
      `Two machines use the identity of ${name}: ${place(stays)} keeps the link, ${place(waits)} has to wait.`,
      {
        kind: 'DUPLICATE_INSTANCE',
        stays: { hostname: stays.hostname, address: stays.address },
        waits: { hostname: waits.hostname, address: waits.address },
      },
    )
    row.kept_out = waits.run
  } else if (row.kept_out === run) row.kept_out = null
  if (comer === 'waits') return duplicate(name)

  if (row.liveness === 'OFFLINE') see('HEARTBEAT_RECOVERED', `${name} is heard again.`, {})
  see('CONNECT', `${name} linked from ${ip}.`, {
    address: ip,
    hostname: hello.hostname,
    agentVersion: hello.agentVersion,
    run: hello.run,
  })
  row.epoch += 1
  row.run = run
  row.held = true
  row.liveness = 'ONLINE'
  return { num, name, run, epoch: row.epoch, reason: clones ? 'DUPLICATE' : 'SUPERSEDED' }
}

const lockStatement = prepared(`
select i.id, i.num, i.name, i.thumbprint, i.epoch, i.run, i.liveness, i.turns, i.kept_out,
  (extract(epoch from now()) * 1000)::float8 as now_ms,
  exists(select from replicas r where r.id = i.replica and ${replicaAlive('r')}) as held
from instances i where i.id = any($1::text[]) and i.deleted_at is null order by i.id for update of i`)

const linkStatement = prepared(`
update instances i set epoch = l.epoch, revision = i.revision + 1, changed_at = now(), run = l.run, replica = $2, linked_at = now(),
  linked_from = l.ip, last_seen_at = now(), liveness_at = case when i.liveness = 'ONLINE' then i.liveness_at else now() end,
  liveness = 'ONLINE', agent_started_at = case when i.run = l.run then i.agent_started_at else now() end,
  agent_version = l.version, hostname = coalesce(l.hostname, i.hostname), heartbeat_ms = l.heartbeat_ms,
  metrics_ms = l.metrics_ms, protocol_minor = l.minor, notices = l.notices, turns = l.turns, kept_out = l.kept_out
from jsonb_to_recordset($1::jsonb) as l (id text, epoch int8, run uuid, ip text, version text, hostname text, heartbeat_ms int4,
  metrics_ms int4, minor int4, notices jsonb, turns jsonb, kept_out uuid)
where i.id = l.id`)

const waitStatement = `
update instances i set turns = w.turns, kept_out = w.kept_out
from jsonb_to_recordset($1::jsonb) as w (id text, turns jsonb, kept_out uuid) where i.id = w.id`

const linkOf = ({ id, epoch, run, turns, kept_out }: Held, { hello, ip }: Comer) => ({
  id,
  epoch,
  run,
  ip,
  version: hello.agentVersion || null,
  hostname: hello.hostname || null,
  heartbeat_ms: hello.heartbeatMs,
  metrics_ms: hello.metricsMs,
  minor: hello.minor,
  notices: JSON.parse(hello.notices) as unknown,
  turns,
  kept_out,
})

interface Deps {
  db: Db
  clock: Clock
  log: Log
  recordEvents: RecordEvents
  replica: string
}

export interface Takes {
  /** Throws TOKEN_REJECTED when the key changed meanwhile, DUPLICATE_INSTANCE for a clone that must wait. */
  take(comer: Comer): Promise<Taken>
  /** Of those who wait, and for how long each makes the next one wait. */
  pace: Pick<GroupCommit<TakeBatch, Taken>, 'waiting' | 'msPerRow'>
}

export const createTakes = ({ db, clock, log, recordEvents, replica }: Deps): Takes => {
  const write = async (batches: readonly TakeBatch[]): Promise<(Taken | Fault)[]> => {
    const comers = batches.map(({ rows: [comer] }) => comer)
    const { answers, publish } = await db.tx(async (tx) => {
      const locked = await tx.query<Held>(lockStatement, [[...new Set(comers.map(({ hello }) => hello.instance))]])
      const rows = new Map(locked.map((row) => [row.id, row]))
      const events: Observed[] = []
      /** Who holds the link in the end, and who was told to wait. */
      const links = new Map<Held, Comer>()
      const waits = new Set<Held>()
      const answers = comers.map((comer) => {
        if (!comer.isThere()) return new Fault('UNAVAILABLE', 'Expected the agent to wait for its turn; it is gone.')
        const row = rows.get(comer.hello.instance)
        if (row?.thumbprint !== comer.thumbprint)
          return new Fault('TOKEN_REJECTED', 'The instance was removed or given another key meanwhile.')
        const answer = judge(row, comer, events)
        if (answer instanceof Fault) waits.add(row)
        else links.set(row, comer)
        return answer
      })
      const waiting = [...waits].filter((row) => !links.has(row))
      if (links.size > 0)
        await tx.query(linkStatement, [JSON.stringify([...links].map(([row, comer]) => linkOf(row, comer))), replica])
      if (waiting.length > 0)
        await tx.query(waitStatement, [
          JSON.stringify(waiting.map(({ id, turns, kept_out }) => ({ id, turns, kept_out }))),
        ])
      return { answers, publish: await recordEvents(tx, events) }
    })
    publish()
    return answers
  }

  const group = createGroupCommit<TakeBatch, Taken>({
    clock,
    write,
    onSplit: (error) => log.error('links could not be taken together and are taken one by one', { error }),
    // On PostgreSQL one transaction is prepared while another one commits; the embedded database has one connection.
    inFlight: db.kind === 'pglite' ? 1 : 2,
    statementRows: atOnce,
  })
  return {
    take: (comer) => group.add({ owner: comer.hello.instance, rows: [comer] }),
    pace: group,
  }
}
