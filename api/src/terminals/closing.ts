// How the row of a terminal closes: forward only, and with one entry in the audit log whoever saw its end, on however many replicas.
import type { AgentViewer, ClosedFrame, CloseReason } from '@sindri/schema'
import type { Actor } from '../platform/auditEntry.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db, Tx } from '../platform/db.ts'

interface Deps {
  db: Db
  clock: Pick<Clock, 'now'>
  /** Tells of a terminal that changed. */
  changed: (id: string) => void
}

export interface Ending {
  reason: CloseReason
  finalOffset?: number | null
  exitCode?: number | null
  signal?: string | null
  message?: string | null
  by?: string | null
}

/** Where nobody asked: the console acts by itself. */
export const console: Actor = { kind: 'system', name: 'console' }

export const createClosing = ({ db, clock, changed }: Deps) => {
  /** Whoever closes first says why; false for everybody else. */
  const closeRow = async (
    tx: Tx,
    id: string,
    { reason, finalOffset, exitCode, signal, message, by }: Ending,
    only?: 'OPENING',
  ): Promise<boolean> => {
    const { count } = await tx.prisma.terminal.updateMany({
      where: { id, state: only ?? { not: 'CLOSED' } },
      data: {
        state: 'CLOSED',
        reason,
        closedAt: new Date(clock.now()),
        finalOffset: finalOffset ?? null,
        exitCode: exitCode ?? null,
        signal: signal ?? null,
        message: message ?? null,
        ...(by !== undefined && { closedBy: by }),
      },
    })
    return count > 0
  }

  return {
    closeRow,

    /** False when it was closed already, by whoever wrote that entry, or is no longer in the only state in which it shall close. */
    async close(actor: AgentViewer | Actor, id: string, ending: Ending, only?: 'OPENING'): Promise<boolean> {
      const nothing = new Error('The terminal was closed before.')
      try {
        return await db.change(actor, 'terminal.close', { kind: 'terminal', id }, async (tx) => {
          // Locked: of two that close it at once, the other waits here, and finds it closed.
          const [row] = await tx.query<{ state: string }>('select state from terminals where id = $1 for update', [id])
          if (!row || !(await closeRow(tx, id, ending, only))) throw nothing
          return {
            result: true,
            before: { state: row.state },
            after: { state: 'CLOSED', ...ending },
            publish: () => changed(id),
          }
        })
      } catch (error) {
        if (error !== nothing) throw error
        return false
      }
    },

    /** The end of a terminal as a frame; null while it is open. */
    async endOf(id: string): Promise<ClosedFrame | null> {
      const row = await db.prisma.terminal.findUnique({ where: { id } })
      if (row && row.state !== 'CLOSED') return null
      return {
        kind: 'closed',
        finalOffset: row?.finalOffset === null || row?.finalOffset === undefined ? null : Number(row.finalOffset),
        exitCode: row?.exitCode ?? null,
        signal: row?.signal ?? null,
        reason: (row?.reason ?? 'INSTANCE_REMOVED') as CloseReason,
        by: row?.closedBy ?? null,
      }
    },
  }
}
