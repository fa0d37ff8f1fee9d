// The newest sample of an instance: whoever asks within one tick shares one query, so that a list of instances costs one.
import type { MetricSample } from '@sindri/schema'
import type { Db } from '../platform/db.ts'
import { isId } from '../platform/ids.ts'

type Detail = Omit<MetricSample, 'at'>

export const createLatest = ({
  db,
}: {
  db: Pick<Db, 'query'>
}): ((instanceId: string) => Promise<MetricSample | null>) => {
  let asked = new Map<string, PromiseWithResolvers<MetricSample | null>>()

  const answer = async (): Promise<void> => {
    const asking = asked
    asked = new Map()
    try {
      const rows = await db.query<{ id: string; at: Date; detail: Detail }>(
        `select i.id, l.at, l.detail from metric_latest l join instances i on i.num = l.instance
         where i.id = any($1::text[]) and i.deleted_at is null`,
        [[...asking.keys()]],
      )
      for (const { id, at, detail } of rows) asking.get(id)?.resolve({ ...detail, at })
      for (const { resolve } of asking.values()) resolve(null)
    } catch (error) {
      for (const { reject } of asking.values()) reject(error)
    }
  }

  return (instanceId) => {
    if (!isId('instance', instanceId)) return Promise.resolve(null)
    // Behind the promises of this tick: resolvers of one list do not all run before the first of them awaits.
    if (asked.size === 0) process.nextTick(() => void answer())
    const known = asked.get(instanceId)
    if (known) return known.promise
    const place = Promise.withResolvers<MetricSample | null>()
    asked.set(instanceId, place)
    return place.promise
  }
}
