// What is done to many instances at once: all of it or nothing, with an audit entry at each, so that the history of one instance is whole.
import type { Instances, InstanceSelection, SelectionFacts, TagChange } from '@sindri/schema'
import { badInput, Fault } from '@sindri/schema/contract/codes'
import { LIMITS } from '@sindri/schema/contract/limits'
import type { Db, Tx } from '../platform/db.ts'
import { isId } from '../platform/ids.ts'
import { labelsOf, tagsOf } from '../platform/labels.ts'
import { listOf, textOf } from '../platform/records.ts'
import { matches } from './page.ts'
import type { InstanceRow } from './row.ts'

const MOST = LIMITS.selectionInstances

type Condition = ReturnType<typeof matches>

/** As a condition on `instances i`, and how many of them are meant. */
const conditionOf = ({ ids, filter, search, count }: InstanceSelection): Condition & { meant: number } => {
  if (!ids) {
    const meant = count ?? 0
    if (meant < 1 || meant > MOST)
      throw badInput('selection.count', `1 to ${MOST} instances, with ids or a count`, count)
    return { ...matches(filter ?? {}, search), meant }
  }
  if (filter || search || typeof count === 'number')
    throw badInput('selection', 'either ids, or a filter and search with their count', 'both')
  const unique = [...new Set(ids)]
  if (unique.length < 1 || unique.length > MOST) throw badInput('selection.ids', `1 to ${MOST} ids`, unique.length)
  const known = unique.filter((id) => isId('instance', id))
  return { where: 'i.deleted_at is null and i.id = any($1::text[])', params: [known], meant: unique.length }
}

/** What is not as the caller saw it is not touched. */
const agree = (selection: InstanceSelection, meant: number, found: number): void => {
  if (meant === found) return
  if (selection.ids) throw new Fault('NOT_FOUND', `Of ${meant} instances ${found} are there. Nothing was changed.`)
  throw new Fault('CONFLICT', `Expected ${meant} instances to match, got ${found}. Nothing was changed.`)
}

/** Locked in the order of their ids, so that two who choose the same ones do not wait for each other in a circle. */
const lock = async (tx: Tx, selection: InstanceSelection): Promise<InstanceRow[]> => {
  const { where, params, meant } = conditionOf(selection)
  const rows = await tx.query<InstanceRow>(
    `select i.* from instances i where ${where} order by i.id limit ${MOST + 1} for update of i`,
    params,
  )
  agree(selection, meant, rows.length)
  return rows
}

export interface Gone {
  id: string
  name: string
  hostname: string | null
  epoch: number
}

/** Their rows stay for as long as they are kept anyway; their names are free at once. */
export const removeRows = async (tx: Tx, ids: readonly string[]): Promise<Gone[]> => {
  const gone = await tx.query<Gone>(
    `update instances set deleted_at = now(), epoch = epoch + 1, replica = null, revision = revision + 1, changed_at = now()
     where id = any($1::text[]) and deleted_at is null returning id, name, hostname, epoch`,
    [ids],
  )
  await tx.query('delete from takeover_requests where instance_id = any($1::text[])', [gone.map(({ id }) => id)])
  return gone
}

interface ActsDeps {
  db: Db
  changed: (id: string) => unknown
  removed: (gone: Gone) => void
}

export const createActs = ({
  db,
  changed,
  removed,
}: ActsDeps): Pick<Instances, 'selected' | 'editTags' | 'removeMany'> => ({
  async selected(_, selection) {
    const { where, params, meant } = conditionOf(selection)
    const [facts] = await db.query<SelectionFacts>(
      `with chosen as (select i.id, i.liveness from instances i where ${where})
       select count(*) as count, count(*) filter (where liveness = 'ONLINE') as linked,
         (select count(*) from terminals t where t.state <> 'CLOSED' and t.instance_id in (select id from chosen)) as terminals
       from chosen`,
      params,
    )
    agree(selection, meant, facts?.count ?? 0)
    return facts as SelectionFacts
  },

  editTags(viewer, selection, edit) {
    const set = labelsOf('set', edit.set)
    const remove = listOf('remove', edit.remove, LIMITS.tags, (path, key) => textOf(path, key, LIMITS.nameChars)) ?? []
    const both = remove.find((key) => Object.hasOwn(set, key))
    if (both !== undefined) throw badInput('remove', 'keys that are not set as well', both)
    if (remove.length === 0 && Object.keys(set).length === 0) throw badInput('set', 'something to set or remove', [])
    return db.change(viewer, 'instance.tag.editInstanceTags', { kind: 'instance' }, async (tx) => {
      const changes = (await lock(tx, selection)).flatMap(({ id, name, tags }) => {
        const after = Object.fromEntries(
          Object.entries({ ...tags, ...set }).filter(([key]) => Object.hasOwn(set, key) || !remove.includes(key)),
        )
        const count = Object.keys(after).length
        if (count > LIMITS.tags) throw badInput('set', `at most ${LIMITS.tags} tags on ${name}`, count)
        const same = count === Object.keys(tags).length && Object.keys(after).every((key) => tags[key] === after[key])
        return same ? [] : [{ id, name, before: tags, after }]
      })
      await tx.query(
        `update instances set tags = (tags - $2::text[]) || $3::jsonb, revision = revision + 1, changed_at = now()
         where id = any($1::text[])`,
        [changes.map(({ id }) => id), remove, set],
      )
      return {
        result: changes.map(({ id, name, before, after }): TagChange => ({
          id,
          name,
          before: tagsOf(before),
          after: tagsOf(after),
        })),
        after: { set, remove, changed: 0 },
        parts: changes.map(({ id, before, after }) => ({
          target: { kind: 'instance', id },
          before: { tags: before },
          after: { tags: after },
        })),
        publish: () => changes.forEach(({ id }) => changed(id)),
      }
    })
  },

  removeMany: (viewer, selection) =>
    db.change(viewer, 'instance.remove.removeInstances', { kind: 'instance' }, async (tx) => {
      const chosen = await lock(tx, selection)
      const gone = await removeRows(
        tx,
        chosen.map(({ id }) => id),
      )
      return {
        result: gone.map(({ id, name }) => ({ id, name })),
        parts: gone.map(({ id, name, hostname }) => ({
          target: { kind: 'instance', id },
          before: { name, hostname },
        })),
        publish: () => gone.forEach(removed),
      }
    }),
})
