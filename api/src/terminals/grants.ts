// Who may use a terminal, remembered for a few minutes so that a keystroke asks no database, and outlives one that is away.
import type { Viewer } from '@sindri/schema'
import type { Db } from '../platform/db.ts'
import type { AccessEnded } from '../platform/topics.ts'
import { checkTerminalId, noTerminal } from './check.ts'

const graceMs = 5 * 60_000
/** Older ones are asked for while they still serve: an outage of the database always leaves four minutes. */
const renewAfterMs = 60_000
/** Between two tries to renew one. */
const retryMs = 2_000
/** Beyond this the oldest goes, and costs one question more. */
const most = 20_000

export interface Grant {
  instanceId: string
}

interface Known extends Grant {
  openerId: string
  sessionId: string | null
  renewAtMs: number
  untilMs: number
}

export interface Grants {
  /** The grant of a terminal's opener; NOT_FOUND for everybody else. Immediate when it is remembered. */
  of(viewer: Viewer, terminalId: string): Grant | Promise<Grant>
  /** What somebody could do whose access ended or changed is asked anew. */
  forget(ended: AccessEnded): void
  /** Nobody knows whose access ended meanwhile: each is asked for at its next use, and serves until the answer comes. */
  doubtAll(): void
}

export const createGrants = (db: Db, now: () => number): Grants => {
  const known = new Map<string, Known>()

  const look = async (terminalId: string): Promise<Known> => {
    const row = await db.prisma.terminal.findUnique({
      where: { id: terminalId },
      select: { instanceId: true, openerId: true, sessionId: true },
    })
    known.delete(terminalId)
    if (!row) throw noTerminal(terminalId)
    const [oldest] = known.size >= most ? known.keys() : []
    if (oldest !== undefined) known.delete(oldest)
    const grant = { ...row, renewAtMs: now() + renewAfterMs, untilMs: now() + graceMs }
    known.set(terminalId, grant)
    return grant
  }
  const demand = (viewerId: string, terminalId: string, grant: Known): Grant => {
    if (grant.openerId !== viewerId) throw noTerminal(terminalId)
    return grant
  }

  return {
    of(viewer, terminalId) {
      checkTerminalId(terminalId)
      if (viewer.kind !== 'user' && viewer.kind !== 'key') throw noTerminal(terminalId)
      const grant = known.get(terminalId)
      if (!grant || grant.untilMs <= now())
        return look(terminalId).then((fresh) => demand(viewer.id, terminalId, fresh))
      if (grant.renewAtMs <= now()) {
        grant.renewAtMs = now() + retryMs
        // One that is not there any more is forgotten by the look itself.
        void look(terminalId).catch(() => {})
      }
      return demand(viewer.id, terminalId, grant)
    },
    forget({ kind, id }) {
      for (const [terminalId, { sessionId, openerId }] of known)
        if ((kind === 'session' ? sessionId : openerId) === id) known.delete(terminalId)
    },
    doubtAll() {
      for (const grant of known.values()) grant.renewAtMs = 0
    },
  }
}
