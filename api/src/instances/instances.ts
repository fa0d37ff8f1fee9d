// The fleet: found, watched, labelled, and forgotten when somebody says so.
import type { Instance, Instances } from '@sindri/schema'
import { Fault } from '@sindri/schema/contract/codes'
import type { Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import { isId } from '../platform/ids.ts'
import { labelsOf } from '../platform/labels.ts'
import type { Log } from '../platform/log.ts'
import { topics } from '../platform/topics.ts'
import { createActs, type Gone, removeRows } from './acts.ts'
import { createChanges } from './changes.ts'
import { countOf, facetsOf } from './facets.ts'
import { pageOf } from './page.ts'
import { type InstanceRow, toInstance } from './row.ts'
import { createTakeovers, type EndLinks } from './takeovers.ts'

export interface InstancesDeps {
  db: Db
  bus: Bus
  clock: Clock
  log: Log
  endLinks: EndLinks
  /** Ends the terminals of an instance that is removed. */
  closeTerminals: (instanceId: string) => Promise<void>
}

const notFound = (): Fault => new Fault('NOT_FOUND', 'There is no instance of this id.')

export const createInstances = ({ db, bus, clock, log, endLinks, closeTerminals }: InstancesDeps): Instances => {
  const watch = createChanges({ db, bus, clock, log })
  const changed = (id: string): boolean => bus.publish(topics.instanceChanged, 'all', { id })
  const removed = ({ id, epoch }: Gone): void => {
    endLinks(id, epoch, 'REMOVED')
    changed(id)
    closeTerminals(id).catch((error: unknown) =>
      log.error('terminals of a removed instance could not be closed', { instance: id, error }),
    )
  }

  return {
    ...createTakeovers({ db, bus, endLinks }),
    ...createActs({ db, changed, removed }),
    page: (_, args) => pageOf(db, args),
    count: (_, list) => countOf(db, list),
    facets: () => facetsOf(db),
    changes: (_, ids) => watch(ids),

    async one(_, id) {
      const [row] = isId('instance', id)
        ? await db.query<InstanceRow>('select * from instances where id = $1 and deleted_at is null', [id])
        : []
      if (!row) throw notFound()
      return toInstance(row)
    },

    async setTags(viewer, id, tags) {
      const labels = labelsOf('tags', tags)
      return db.change<Instance>(viewer, 'instance.tag.setInstanceTags', { kind: 'instance', id }, async (tx) => {
        const [before] = isId('instance', id)
          ? await tx.query<InstanceRow>('select * from instances where id = $1 and deleted_at is null for update', [id])
          : []
        if (!before) throw notFound()
        const [after] = await tx.query<InstanceRow>(
          'update instances set tags = $2::jsonb, revision = revision + 1, changed_at = now() where id = $1 returning *',
          [id, labels],
        )
        return {
          result: toInstance(after as InstanceRow),
          before: { tags: before.tags },
          after: { tags: labels },
          publish: () => changed(id),
        }
      })
    },

    remove: (viewer, id) =>
      db.change(viewer, 'instance.remove.removeInstance', { kind: 'instance', id }, async (tx) => {
        const [gone] = isId('instance', id) ? await removeRows(tx, [id]) : []
        if (!gone) throw notFound()
        return { result: true, before: { name: gone.name, hostname: gone.hostname }, publish: () => removed(gone) }
      }),
  }
}
