// Gives commands to agents that are linked here: each that waits, in the order of asking, until it is claimed or taken back.
import type { Order, Variable } from '@sindri/schema'
import type { Db } from '../platform/db.ts'

export interface DeliveryDeps {
  db: Pick<Db, 'query'>
  /** The inbox of the link that an agent holds on this replica. */
  inboxOf: (instanceId: string) => { offer(order: Order): boolean } | undefined
  changed: (id: string) => void
}

interface Waiting {
  id: string
  state: 'QUEUED' | 'SENT' | 'RUNNING'
  command: string
  args: string[] | null
  cwd: string | null
  timeout_ms: number
  payload: { env: Variable[]; stdin: string | null } | null
}

const isWaiting = `(state in ('QUEUED', 'SENT') or (state = 'RUNNING' and cancel_asked_at is not null))`

/** To begin it and to end it are two orders. */
const keyOf = ({ id, state }: Waiting): string => `${state === 'RUNNING' ? 'end' : 'run'} ${id}`

const toOrder = ({ id, state, payload, timeout_ms, command, args, cwd }: Waiting): Order =>
  state === 'RUNNING'
    ? { kind: 'commandCancel', commandId: id }
    : {
        kind: 'commandRun',
        commandId: id,
        command,
        args,
        cwd,
        env: payload?.env ?? [],
        stdin: payload?.stdin ?? null,
        timeoutMs: timeout_ms,
      }

export const createDelivery = ({ db, inboxOf, changed }: DeliveryDeps) => {
  /** What a link was given it has, or it ends: nothing is given twice but over another link. */
  const given = new WeakMap<object, Set<string>>()

  const deliver = async (instanceId: string): Promise<void> => {
    const inbox = inboxOf(instanceId)
    if (!inbox) return
    const had = given.get(inbox) ?? new Set<string>()
    given.set(inbox, had)
    const waiting = await db.query<Waiting>(
      `select id, state, command, args, cwd, timeout_ms, payload from commands
       where instance_id = $1 and ${isWaiting} and not (case when state = 'RUNNING' then 'end ' else 'run ' end || id = any($2::text[]))
       order by created_at, id`,
      [instanceId, [...had]],
    )
    const sent: string[] = []
    for (const row of waiting) {
      // A full inbox takes it the next time.
      if (!inbox.offer(toOrder(row))) break
      had.add(keyOf(row))
      if (row.state === 'QUEUED') sent.push(row.id)
    }
    if (sent.length === 0) return
    const rows = await db.query<{ id: string }>(
      `update commands set state = 'SENT', sent_at = now(), revision = revision + 1, changed_at = now()
       where id = any($1) and state = 'QUEUED' returning id`,
      [sent],
    )
    for (const { id } of rows) changed(id)
  }

  return {
    deliver,
    /** Whatever notice was lost: all that waits for agents that are linked here. */
    async deliverAll(): Promise<void> {
      const rows = await db.query<{ instance_id: string }>(
        `select distinct instance_id from commands where ${isWaiting}`,
      )
      for (const { instance_id: id } of rows) await deliver(id)
    },
  }
}
