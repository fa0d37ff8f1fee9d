// Who may use a terminal, remembered for a few minutes so that a keystroke asks no database.
import type { Viewer } from '@sindri/schema'
import type { Db } from '../platform/db.ts'
import { checkTerminalId, noTerminal } from './check.ts'

const graceMs = 5 * 60_000
const most = 20_000

export interface Grant {
  instanceId: string
}

export interface Grants {
  /** The grant of a terminal's opener; NOT_FOUND for everybody else. Immediate when it is remembered. */
  of(viewer: Viewer, terminalId: string): Grant | Promise<Grant>
  forget(terminalId: string): void
  /** What a principal could do before is asked anew. */
  forgetAll(): void
}

export const createGrants = (db: Db, now: () => number): Grants => {
  const known = new Map<string, Grant & { openerId: string; untilMs: number }>()

  const look = async (viewerId: string, terminalId: string): Promise<Grant> => {
    const row = await db.prisma.terminal.findUnique({
      where: { id: terminalId },
      select: { instanceId: true, openerId: true },
    })
    if (!row || row.openerId !== viewerId) throw noTerminal(terminalId)
    if (known.size >= most) known.clear()
    known.set(terminalId, { ...row, untilMs: now() + graceMs })
    return row
  }

  return {
    of(viewer, terminalId) {
      checkTerminalId(terminalId)
      if (viewer.kind !== 'user' && viewer.kind !== 'key') throw noTerminal(terminalId)
      const grant = known.get(terminalId)
      if (grant && grant.untilMs > now()) {
        if (grant.openerId !== viewer.id) throw noTerminal(terminalId)
        return grant
      }
      return look(viewer.id, terminalId)
    },
    forget: (terminalId) => void known.delete(terminalId),
    forgetAll: () => known.clear(),
  }
}
