// Take-overs: machines with another key that ask to be an instance, and the operator's answer, given once.
import type { Takeover, Viewer } from '@sindri/schema'
import { Fault } from '@sindri/schema/contract/codes'
import { LIMITS } from '@sindri/schema/contract/limits'
import type { Bus } from '../platform/bus.ts'
import type { Db } from '../platform/db.ts'
import { isId } from '../platform/ids.ts'
import { topics } from '../platform/topics.ts'

/** Closes links of this epoch and older, on whichever replica they are. */
export type EndLinks = (instanceId: string, epoch: number, reason: 'REMOVED' | 'REPLACED') => void

interface Row {
  id: string
  instance_id: string
  name: string
  hostname: string | null
  address: string
  thumbprint: string
  created_at: Date
  last_seen_at: Date
}

const notFound = (): Fault => new Fault('NOT_FOUND', 'There is no take-over request of this id.')

export const createTakeovers = ({ db, bus, endLinks }: { db: Db; bus: Bus; endLinks: EndLinks }) => ({
  async takeovers(_: Viewer, instanceId: string | null): Promise<Takeover[]> {
    if (instanceId !== null && !isId('instance', instanceId)) return []
    const rows = await db.query<Row>(
      `select t.id, t.instance_id, i.name, t.hostname, t.address, t.thumbprint, t.created_at, t.last_seen_at
       from takeover_requests t join instances i on i.id = t.instance_id
       where t.state = 'PENDING' and i.deleted_at is null and ($1::text is null or t.instance_id = $1)
       order by t.created_at desc, t.id desc limit $2`,
      [instanceId, LIMITS.pageMax],
    )
    return rows.map((row) => ({
      id: row.id,
      instanceId: row.instance_id,
      instanceName: row.name,
      hostname: row.hostname,
      address: row.address,
      keyFingerprint: row.thumbprint,
      createdAt: row.created_at,
      lastSeenAt: row.last_seen_at,
    }))
  },

  answerTakeover: (viewer: Viewer, id: string, allow: boolean): Promise<boolean> =>
    db.change(viewer, 'takeover.answer.answerTakeover', { kind: 'takeover', id }, async (tx) => {
      if (!isId('takeover', id)) throw notFound()
      // The instance first, as whoever links or removes it does.
      const [instance] = await tx.query<{ id: string; name: string; thumbprint: string }>(
        `select i.id, i.name, i.thumbprint from instances i
         where i.id = (select instance_id from takeover_requests where id = $1) and i.deleted_at is null for update`,
        [id],
      )
      if (!instance) throw notFound()
      const [request] = await tx.query<Row & { public_key: string; state: string }>(
        'select * from takeover_requests where id = $1 for update',
        [id],
      )
      if (!request) throw notFound()
      if (request.state !== 'PENDING')
        throw new Fault('CONFLICT', `The request was already ${request.state.toLowerCase()}.`)
      await tx.query(
        `update takeover_requests set state = $2::takeover_state, decided_by = $3, decided_at = now() where id = $1`,
        [id, allow ? 'ALLOWED' : 'REFUSED', 'name' in viewer ? viewer.name : null],
      )
      const facts = { instance: instance.name, hostname: request.hostname, address: request.address }
      if (!allow) return { result: true, after: { ...facts, allowed: false, keyFingerprint: request.thumbprint } }
      // A new epoch: what the old machine still sends is refused.
      const [changed] = await tx.query<{ epoch: number }>(
        `update instances set public_key = $2, thumbprint = $3, epoch = epoch + 1, replica = null, turns = '[]', kept_out = null,
           revision = revision + 1, changed_at = now() where id = $1 returning epoch`,
        [instance.id, request.public_key, request.thumbprint],
      )
      return {
        result: true,
        before: { keyFingerprint: instance.thumbprint },
        after: { ...facts, allowed: true, keyFingerprint: request.thumbprint },
        publish: () => {
          endLinks(instance.id, changed?.epoch ?? 0, 'REPLACED')
          bus.publish(topics.instanceChanged, 'all', { id: instance.id })
        },
      }
    }),
})
