// Takes the link of an instance for one run: one row, one lock, one epoch; clones are told apart here.
import type { Origin } from '@sindri/schema'
import { Fault } from '@sindri/schema/contract/codes'
import type { Liveness } from '@sindri/schema/contract/status'
import type { Db } from '../platform/db.ts'
import { ulidToUuid } from '../platform/ids.ts'
import type { Hello } from './hello.ts'
import { replicaAliveMs } from './liveness.ts'
import type { Observed, RecordEvents } from './observed.ts'
import { judgeTurns, type Turn } from './turns.ts'

/** In SQL, of a row of replicas. */
export const replicaAlive = (alias: string): string => `${alias}.seen_at > now() - interval '${replicaAliveMs} ms'`

export interface Taken {
  num: number
  name: string
  /** UUID. */
  run: string
  epoch: number
  /** Whose link it was before learns why it closes. */
  reason: 'SUPERSEDED' | 'DUPLICATE'
  publish: () => void
}

interface Held {
  num: number
  name: string
  run: string | null
  liveness: Liveness
  turns: Turn[]
  kept_out: string | null
  held: boolean
  now_ms: number
}

const duplicate = (name: string): Fault =>
  new Fault(
    'DUPLICATE_INSTANCE',
    `Another machine with the same identity holds the link of ${name}. Give one of them an identity of its own: another SINDRI_INSTANCE_ID and an empty state directory.`,
    {
      retryAfterMs: 60_000,
    },
  )

/** Throws TOKEN_REJECTED when the key changed meanwhile, DUPLICATE_INSTANCE for a clone that must wait. */
export const takeLink = async (
  { db, recordEvents, replica }: { db: Db; recordEvents: RecordEvents; replica: string },
  hello: Hello,
  thumbprint: string,
  { ip }: Origin,
): Promise<Taken> => {
  const run = ulidToUuid(hello.run)
  const outcome = await db.tx(async (tx) => {
    const [row] = await tx.query<Held>(
      `select i.num, i.name, i.run, i.liveness, i.turns, i.kept_out, (extract(epoch from now()) * 1000)::float8 as now_ms,
         exists(select from replicas r where r.id = i.replica and ${replicaAlive('r')}) as held
       from instances i where i.id = $1 and i.thumbprint = $2 and i.deleted_at is null for update of i`,
      [hello.instance, thumbprint],
    )
    if (!row) throw new Fault('TOKEN_REJECTED', 'The instance was removed or given another key meanwhile.')
    const { num, name } = row
    const holder = row.held ? row.run : null
    // It lost against a clone that is still there.
    if (row.kept_out === run && holder !== null && holder !== run) return { name, taken: null, publish: () => {} }

    const { turns, comer, clones } = judgeTurns(
      row.turns,
      { run, hostname: hello.hostname, address: ip },
      holder,
      row.now_ms,
    )
    const seen = (type: Observed['type'], message: string, metadata: Record<string, unknown>): Observed => ({
      instanceId: hello.instance,
      instanceNum: num,
      instanceName: name,
      type,
      message,
      metadata,
    })
    const events: Observed[] = []
    if (clones) {
      const place = ({ hostname, address }: Turn): string => `${hostname ?? 'a machine'} (${address})`
      events.push(
        seen(
          'ERROR',
          `Two machines use the identity of ${name}: ${place(clones.stays)} keeps the link, ${place(clones.waits)} has to wait.`,
          {
            kind: 'DUPLICATE_INSTANCE',
            stays: { hostname: clones.stays.hostname, address: clones.stays.address },
            waits: { hostname: clones.waits.hostname, address: clones.waits.address },
          },
        ),
      )
    }
    if (comer === 'waits') {
      await tx.query('update instances set turns = $2::jsonb, kept_out = $3 where id = $1', [
        hello.instance,
        JSON.stringify(turns),
        run,
      ])
      return { name, taken: null, publish: await recordEvents(tx, events) }
    }

    const [linked] = await tx.query<{ epoch: number }>(
      `update instances set epoch = epoch + 1, revision = revision + 1, changed_at = now(), run = $2, replica = $3, linked_at = now(), linked_from = $4, last_seen_at = now(),
         liveness_at = case when liveness = 'ONLINE' then liveness_at else now() end, liveness = 'ONLINE',
         agent_started_at = case when run = $2 then agent_started_at else now() end,
         agent_version = $5, hostname = coalesce($6, hostname), heartbeat_ms = $7, metrics_ms = $8, protocol_minor = $9, notices = $10::jsonb,
         turns = $11::jsonb, kept_out = $12
       where id = $1 returning epoch`,
      [
        hello.instance,
        run,
        replica,
        ip,
        hello.agentVersion || null,
        hello.hostname || null,
        hello.heartbeatMs,
        hello.metricsMs,
        hello.minor,
        hello.notices,
        JSON.stringify(turns),
        clones ? clones.waits.run : row.kept_out === run ? null : row.kept_out,
      ],
    )
    const { epoch } = linked as { epoch: number }
    if (row.liveness === 'OFFLINE') events.push(seen('HEARTBEAT_RECOVERED', `${name} is heard again.`, {}))
    events.push(
      seen('CONNECT', `${name} linked from ${ip}.`, {
        address: ip,
        hostname: hello.hostname,
        agentVersion: hello.agentVersion,
        run: hello.run,
      }),
    )
    const publish = await recordEvents(tx, events)
    return {
      name,
      taken: { num, name, run, epoch, reason: clones ? ('DUPLICATE' as const) : ('SUPERSEDED' as const) },
      publish,
    }
  })
  if (outcome.taken) return { ...outcome.taken, publish: outcome.publish }
  outcome.publish()
  throw duplicate(outcome.name)
}
