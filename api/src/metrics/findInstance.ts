// An instance as telemetry knows it: by the narrow key of its rows, or NOT_FOUND.
import { Fault } from '@sindri/schema/contract/codes'
import type { Db } from '../platform/db.ts'
import { isId } from '../platform/ids.ts'

export type FindInstance = (id: string) => Promise<{ num: number; metrics_ms: number }>

export const createFindInstance =
  ({ db }: { db: Pick<Db, 'query'> }): FindInstance =>
  async (id) => {
    const [instance] = isId('instance', id)
      ? await db.query<{ num: number; metrics_ms: number }>(
          'select num, metrics_ms from instances where id = $1 and deleted_at is null',
          [id],
        )
      : []
    if (!instance) throw new Fault('NOT_FOUND', 'Expected an instance of this id, got none.')
    return instance
  }
