// Events as a list, newest first, and as what was recorded lately, for those who watch.
import { EVENT_TYPES, type EventFilter, type FleetEvent, type Page, type PageArgs } from '@sindri/schema'
import { badInput, Fault } from '@sindri/schema/contract/codes'
import type { Db } from '../platform/db.ts'
import { isId } from '../platform/ids.ts'
import { pageSize, readCursor, toPage } from '../platform/paging.ts'

export interface EventRow {
  id: string
  instance_id: string
  instance_name: string
  type: FleetEvent['type']
  message: string
  metadata: unknown
  at: Date
  recorded_at: Date
}

export const toEvent = (row: EventRow): FleetEvent => ({
  id: row.id,
  instanceId: row.instance_id,
  instanceName: row.instance_name,
  type: row.type,
  message: row.message,
  metadata: row.metadata,
  at: row.at,
})

export const selectEvents = `
select e.id, i.id as instance_id, i.name as instance_name, e.type, e.message, e.metadata, e.at, e.recorded_at
from events e join instances i on i.num = e.instance_num`

type Reader = Pick<Db, 'query'>

/** Its narrow key. What happened to an instance is still told when it was removed. */
export const numOf = async (db: Reader, instanceId: string): Promise<number> => {
  const [row] = isId('instance', instanceId)
    ? await db.query<{ num: number }>('select num from instances where id = $1', [instanceId])
    : []
  if (!row) throw new Fault('NOT_FOUND', 'Expected an instance of this id, got none.')
  return row.num
}

export const pageEvents = async (
  db: Reader,
  args: PageArgs & { filter?: EventFilter | null | undefined },
): Promise<Page<FleetEvent>> => {
  const size = pageSize(args)
  const cursor = readCursor<[string, string]>(args.after, ['time', 'string'])
  const { instanceId, types, from, to } = args.filter ?? {}
  if (types && types.length > EVENT_TYPES.length)
    throw badInput('filter.types', `at most ${EVENT_TYPES.length} types`, types.length)
  const num = instanceId == null ? null : await numOf(db, instanceId)
  const conditions: string[] = []
  const params: unknown[] = []
  const where = (condition: (place: string) => string, value: unknown) => {
    params.push(value)
    conditions.push(condition(`$${params.length}`))
  }
  if (num !== null) where((place) => `e.instance_num = ${place}`, num)
  if (types) where((place) => `e.type = any(${place}::text[])`, types)
  if (from) where((place) => `e.at >= ${place}`, from)
  if (to) where((place) => `e.at < ${place}`, to)
  if (cursor) {
    where((place) => `(e.at, e.id) < (${place}::timestamptz, $${params.length + 1})`, cursor[0])
    params.push(cursor[1])
  }
  const rows = await db.query<EventRow>(
    `${selectEvents} ${conditions.length > 0 ? `where ${conditions.join(' and ')}` : ''} order by e.at desc, e.id desc limit ${size + 1}`,
    params,
  )
  return toPage(rows, size, null, (row) => [row.at.toISOString(), row.id], toEvent)
}
