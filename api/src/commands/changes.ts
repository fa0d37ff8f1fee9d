// Commands as they are asked for, sent, begin and end: each as it is now, none left out over an interruption of the bus.
import type { Command } from '@sindri/schema'
import type { Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import type { Log } from '../platform/log.ts'
import { sift } from '../platform/sift.ts'
import { tail } from '../platform/tail.ts'
import { createTogether } from '../platform/together.ts'
import { topics } from '../platform/topics.ts'
import { versionsOf } from '../platform/versions.ts'
import { type CommandRow, onInstance, shown, toCommand } from './rows.ts'

interface Deps {
  db: Db
  bus: Bus
  clock: Clock
  log: Log
}

/** A change becomes visible when its transaction commits, which may be this long after the time it carries. */
const overlapMs = 30_000

const versionOf = ({ id, revision }: Pick<CommandRow, 'id' | 'revision'>): string => `${id} ${revision}`

export const createChanges = ({ db, bus, clock, log }: Deps) => {
  const load = createTogether<CommandRow>((ids) => db.prisma.command.findMany({ where: { id: { in: ids } }, ...shown }))

  return async (instanceId: string | null): Promise<AsyncIterable<Command>> => {
    const since = (at: Date) =>
      db.prisma.command.findMany({
        where: { ...onInstance(instanceId), changedAt: { gt: new Date(at.getTime() - overlapMs) } },
        orderBy: [{ changedAt: 'asc' }, { id: 'asc' }],
        ...shown,
      })
    const [start] = await db.query<{ now: Date }>('select now() as now')
    let newest = start?.now ?? new Date(0)
    /** What was there before somebody began to look is not their news. */
    const known = new Set((await since(newest)).map(versionOf))
    const items = await tail<CommandRow>({
      clock,
      subscribe: async () =>
        versionsOf<CommandRow>(await bus.subscribe(topics.commandListed, 'all'), {
          async load(id) {
            const row = await load(id)
            return row && (instanceId === null || row.instanceId === instanceId) ? row : undefined
          },
          onError: (id, error) => log.debug('a command that changed could not be read', { id, error }),
        }),
      async read() {
        const rows = await since(newest)
        newest = rows.at(-1)?.changedAt ?? newest
        return rows.filter((row) => !known.has(versionOf(row)))
      },
      keyOf: versionOf,
      onError: (error) => log.debug('changes of commands could not be read', { error }),
    })
    return sift(items, toCommand)
  }
}
