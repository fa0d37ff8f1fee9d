// Writes that links have ended: what ends while one is written is written with the next, so that a thousand at once are a handful of transactions.
import type { AgentViewer } from '@sindri/schema'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import type { Log } from '../platform/log.ts'
import type { RecordEvents } from './observed.ts'

interface Deps {
  db: Pick<Db, 'tx'>
  clock: Clock
  log: Log
  recordEvents: RecordEvents
  replica: string
}

interface Ended {
  viewer: AgentViewer
  /** Monotonic time of a last frame that is not written yet. */
  heardMs: number | null
}

/** In one transaction. */
const batchMax = 1_000

export const createEnds = ({ db, clock, log, recordEvents, replica }: Deps) => {
  /** By link: one may be told to end and be gone in the same moment. */
  const waiting = new Map<string, Ended>()
  let writing: Promise<void> | null = null

  /** Only of those whose row no newer link holds. */
  const write = async (ends: readonly Ended[]): Promise<void> => {
    const nowMs = clock.monotonicMs()
    const publish = await db.tx(async (tx) => {
      // Locked in one order, as every replica does it.
      const rows = await tx.query<{ id: string; epoch: number }>(
        `with ended as (select * from unnest($1::text[], $2::int8[], $3::float8[]) as ended (id, epoch, silent_ms)),
         locked as (select i.id from instances i where i.id = any($1::text[]) order by i.id for update)
         update instances i set replica = null, last_seen_at = greatest(i.last_seen_at, now() - ended.silent_ms * interval '1 ms')
         from ended join locked on locked.id = ended.id
         where i.id = ended.id and i.epoch = ended.epoch and i.replica = $4 and i.deleted_at is null
         returning i.id, i.epoch`,
        [
          ends.map(({ viewer }) => viewer.id),
          ends.map(({ viewer }) => viewer.epoch),
          ends.map(({ heardMs }) => (heardMs === null ? null : nowMs - heardMs)),
          replica,
        ],
      )
      const written = new Map(rows.map(({ id, epoch }) => [id, BigInt(epoch)]))
      return recordEvents(
        tx,
        ends
          .filter(({ viewer }) => written.get(viewer.id) === viewer.epoch)
          .map(({ viewer: { id, num, name, ip } }) => ({
            instanceId: id,
            instanceNum: num,
            instanceName: name,
            type: 'DISCONNECT',
            message: `${name} lost its link.`,
            metadata: { address: ip },
          })),
      )
    })
    publish()
  }

  const writeAll = async (): Promise<void> => {
    while (waiting.size > 0) {
      const ends = [...waiting.values().take(batchMax)]
      for (const { viewer } of ends) waiting.delete(viewer.linkId)
      await write(ends).catch((error: unknown) =>
        log.warn('the end of links could not be written', { links: ends.length, error }),
      )
    }
    writing = null
  }

  return {
    add(viewer: AgentViewer, heardMs: number | null): void {
      waiting.set(viewer.linkId, { viewer, heardMs })
      writing ??= writeAll()
    },
    /** Resolves once all that were added are written. */
    async written(): Promise<void> {
      await writing
    },
  }
}
