// Views: lists of instances that a user keeps, only ever seen and changed by that user.
import type { InstancesArgs, View, Viewer, Views } from '@sindri/schema'
import { badInput, Fault } from '@sindri/schema/contract/codes'
import { LIMITS } from '@sindri/schema/contract/limits'
import type { Db, Tx } from '../platform/db.ts'
import { type Ids, isId } from '../platform/ids.ts'
import { lineOf } from '../platform/text.ts'

interface ViewsDeps {
  db: Db
  ids: Ids
  /** Counts a list of instances; what it refuses is kept by nobody. */
  count: (viewer: Viewer, list: Pick<InstancesArgs, 'filter' | 'search'>) => Promise<number>
}

type List = Pick<View, 'search' | 'filter' | 'sort'>
interface Row {
  id: string
  name: string
  list: List
}

const toView = ({ id, name, list }: Row): View => ({ id, name, ...list })
const notFound = (): Fault => new Fault('NOT_FOUND', 'You keep no view of this id.')

export const createViews = ({ db, ids, count }: ViewsDeps): Views => {
  const rowsOf = ({ query }: Pick<Tx, 'query'>, userId: string): Promise<Row[]> =>
    query<Row>('select id, name, list from views where user_id = $1 order by place, id', [userId])

  const ownerOf = (viewer: Viewer): string => {
    if (viewer.kind === 'user') return viewer.id
    throw new Fault('FORBIDDEN', 'Only users keep views.')
  }
  /** One after the other for each user, so that neither the limit nor a name is passed by two at once. */
  const held = async (tx: Tx, userId: string): Promise<Row[]> => {
    await tx.query('select 1 from users where id = $1 for update', [userId])
    return rowsOf(tx, userId)
  }

  return {
    list: async (viewer) => (viewer.kind === 'user' ? (await rowsOf(db, viewer.id)).map(toView) : []),

    async save(viewer, input) {
      const userId = ownerOf(viewer)
      const name = lineOf('name', input.name, 1, LIMITS.viewNameChars)
      const list: List = {
        search: lineOf('search', input.search ?? '', 0, LIMITS.searchChars),
        filter: input.filter ?? {},
        sort: { field: input.sort?.field ?? 'NAME', descending: input.sort?.descending ?? false },
      }
      await count(viewer, list)
      const id = input.id ?? ids.make('view')
      return db.change(viewer, 'view.change.saveView', { kind: 'view', id }, async (tx) => {
        const views = await held(tx, userId)
        const before = views.find((view) => view.id === id)
        if (input.id && !before) throw notFound()
        if (!before && views.length >= LIMITS.views)
          throw new Fault('LIMIT_REACHED', `Expected at most ${LIMITS.views} views: delete one first.`)
        if (views.some((view) => view !== before && view.name.toLowerCase() === name.toLowerCase()))
          throw new Fault('CONFLICT', `Expected a name that no other view has, got ${name}.`, { field: 'name' })
        await tx.query(
          `insert into views (id, user_id, name, list, place)
           values ($1, $2, $3, $4::jsonb, (select coalesce(max(place), 0) + 1 from views where user_id = $2))
           on conflict (id) do update set name = excluded.name, list = excluded.list`,
          [id, userId, name, list],
        )
        const view = { id, name, ...list }
        return { result: view, before: before && toView(before), after: view }
      })
    },

    remove: (viewer, id) =>
      db.change(viewer, 'view.change.deleteView', { kind: 'view', id }, async (tx) => {
        const [gone] = isId('view', id)
          ? await tx.query<Row>('delete from views where id = $1 and user_id = $2 returning id, name, list', [
              id,
              ownerOf(viewer),
            ])
          : []
        if (!gone) throw notFound()
        return { result: true, before: toView(gone) }
      }),

    order(viewer, wanted) {
      const userId = ownerOf(viewer)
      return db.change(viewer, 'view.change.orderViews', { kind: 'user', id: userId }, async (tx) => {
        const views = await held(tx, userId)
        const ordered = wanted.flatMap((id) => views.find((view) => view.id === id) ?? [])
        if (new Set(ordered).size !== views.length || wanted.length !== views.length)
          throw badInput('ids', `all ${views.length} of your views, each once`, wanted.length)
        await tx.query(
          `update views set place = wanted.place
           from unnest($2::text[]) with ordinality as wanted (id, place) where views.id = wanted.id and views.user_id = $1`,
          [userId, wanted],
        )
        const names = (rows: readonly Row[]) => rows.map(({ name }) => name)
        return { result: ordered.map(toView), before: { views: names(views) }, after: { views: names(ordered) } }
      })
    },
  }
}
