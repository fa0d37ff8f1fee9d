// Terminals as they open, get ready and close: each as it is now, to those who may see it.
import type { Terminal, Viewer } from '@sindri/schema'
import type { Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import { isId } from '../platform/ids.ts'
import type { Log } from '../platform/log.ts'
import { sift } from '../platform/sift.ts'
import { tail } from '../platform/tail.ts'
import { createTogether } from '../platform/together.ts'
import { topics } from '../platform/topics.ts'
import { versionsOf } from '../platform/versions.ts'
import { findable, mayFind, type TerminalRow, toTerminal, withInstance } from './rows.ts'

interface Deps {
  db: Db
  bus: Bus
  clock: Clock
  log: Log
}

/** A close becomes visible when its transaction commits, which may be this long after the time it carries; clocks differ, too. */
const overlapMs = 30_000

/** A terminal goes forward only: one state is one version. */
const versionOf = ({ id, state }: Pick<TerminalRow, 'id' | 'state'>): string => `${id} ${state}`

export const createChanges = ({ db, bus, clock, log }: Deps) => {
  const load = createTogether<TerminalRow>((ids) =>
    db.prisma.terminal.findMany({ where: { id: { in: ids } }, ...withInstance }),
  )

  return async (viewer: Viewer, instanceId: string | null): Promise<AsyncIterable<Terminal>> => {
    // What is no id is nobody's; the database would choke on some of it.
    const place = instanceId === null ? {} : { instanceId: { in: [instanceId].filter((id) => isId('instance', id)) } }
    const isWanted = (row: TerminalRow): boolean =>
      mayFind(viewer, row) && (instanceId === null || row.instanceId === instanceId)
    /** Of what the last read met, and when it did; what was there before somebody began to look is not their news. */
    let met: { versions: Set<string>; atMs: number } | undefined
    const items = await tail<TerminalRow>({
      clock,
      subscribe: async () =>
        versionsOf<TerminalRow>(await bus.subscribe(topics.terminalListed, 'all'), {
          load: async (id) => {
            const row = await load(id)
            return row && isWanted(row) ? row : undefined
          },
          onError: (id, error) => log.debug('a terminal that changed could not be read', { id, error }),
        }),
      async read() {
        const atMs = clock.now()
        const since = new Date((met?.atMs ?? atMs) - overlapMs)
        const rows = await db.prisma.terminal.findMany({
          where: { AND: [findable(viewer), place, { OR: [{ closedAt: null }, { closedAt: { gt: since } }] }] },
          orderBy: [{ openedAt: 'asc' }, { id: 'asc' }],
          ...withInstance,
        })
        const before = met?.versions
        met = { versions: new Set(rows.map(versionOf)), atMs }
        return before ? rows.filter((row) => !before.has(versionOf(row))) : []
      },
      keyOf: versionOf,
      onError: (error) => log.debug('changes of terminals could not be read', { error }),
    })
    return sift(items, (row) => toTerminal(viewer, row))
  }
}
