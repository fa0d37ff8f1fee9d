// The terminals service: rows that say who holds which shell, and the way of bytes between page and agent.
import type { ClosedReport, CloseReason, Order, Terminals, Viewer } from '@sindri/schema'
import { Fault } from '@sindri/schema/contract/codes'
import { LIMITS } from '@sindri/schema/contract/limits'
import { type Bus, gap } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import type { Ids } from '../platform/ids.ts'
import type { Jobs } from '../platform/jobs.ts'
import type { Log } from '../platform/log.ts'
import { topics } from '../platform/topics.ts'
import { createAttach } from './attach.ts'
import { createChanges } from './changes.ts'
import {
  checkAttach,
  checkAttachment,
  checkInput,
  checkOffset,
  checkSize,
  checkTerminalId,
  noTerminal,
  toFrames,
} from './check.ts'
import { console, createClosing, type Ending } from './closing.ts'
import { createGrants, type Grant } from './grants.ts'
import { createHolders } from './holders.ts'
import { createOpening } from './opening.ts'
import { type Ended, findForsaken, findRevoked, findUntold } from './ended.ts'
import { findTerminal, pageOf, type TerminalRow, toTerminal } from './rows.ts'

export interface TerminalsDeps {
  db: Db
  bus: Bus
  clock: Clock
  log: Log
  ids: Ids
  jobs: Jobs
  /** Gives a passing order to the agent of an instance; false when its queue is full or nobody takes it. */
  order: (instanceId: string, order: Order) => boolean | Promise<boolean>
  /** Whether the agent of an instance holds a link now, and of which epoch. */
  linkOf: (instanceId: string) => Promise<{ epoch: bigint; run: string | null } | null>
  /** The instance by its id, or NOT_FOUND as the viewer may know it. */
  instanceOf: (viewer: Viewer, id: string) => Promise<{ id: string; name: string }>
}

export interface TerminalsService extends Terminals {
  /** Ends every terminal of an instance that is removed. */
  closeInstance(instanceId: string): Promise<void>
  /** Ends terminals with the session, key or role they were opened with; returns its undo. */
  start(): Promise<() => Promise<void>>
}

/** Between two looks at what no notice told of. */
const lookMs = 30_000

export const createTerminals = (deps: TerminalsDeps): TerminalsService => {
  const { db, bus, clock, log, ids, jobs, order, linkOf } = deps
  const grants = createGrants(db, () => clock.monotonicMs())

  const changed = (id: string): void => {
    bus.publish(topics.terminalChanged, id, { id })
    bus.publish(topics.terminalListed, 'all', { id })
  }
  const { close, closeRow, endOf } = createClosing({ db, clock, changed })
  const holders = createHolders({ db, clock })
  const attach = createAttach({ bus, clock, ids, order, endOf })

  const orderEnd = (instanceId: string, terminalId: string, reason: CloseReason): boolean | Promise<boolean> =>
    order(instanceId, { kind: 'terminalEnd', terminalId, reason })
  const endAll = async (rows: readonly Ended[], ending: Ending, only?: 'OPENING'): Promise<void> => {
    for (const { id, instanceId } of rows) {
      await close(console, id, ending, only)
      await orderEnd(instanceId, id, ending.reason)
    }
  }
  const endRevoked = async (): Promise<void> => endAll(await findRevoked(db), { reason: 'REVOKED' })
  const look = async (): Promise<void> => {
    await endRevoked()
    await endAll(await findForsaken(db), { reason: 'FAILED', message: 'Nobody waited for it any more.' }, 'OPENING')
    for (const { id, instanceId, reason } of await findUntold(db, clock.now())) await orderEnd(instanceId, id, reason)
  }

  const findOpen = async (viewer: Viewer, id: string): Promise<TerminalRow> => {
    checkTerminalId(id)
    const row = await findTerminal(db.prisma, viewer, id)
    if (!row) throw noTerminal(id)
    return row
  }

  /** Orders of a page need its grant and an agent that takes them; both are known at once while the grant is remembered. */
  const forward = async (viewer: Viewer, terminalId: string, toOrder: () => Order): Promise<boolean> => {
    const known = grants.of(viewer, terminalId)
    const { instanceId }: Grant = known instanceof Promise ? await known : known
    const taken = order(instanceId, toOrder())
    if (!(typeof taken === 'boolean' ? taken : await taken)) {
      if (!(await linkOf(instanceId)))
        throw new Fault('AGENT_OFFLINE', 'The agent is not connected; nothing was sent.', { retryAfterMs: 1000 })
      throw new Fault('SLOW_AGENT', 'The agent does not take orders fast enough; nothing was sent.', {
        retryAfterMs: 1000,
      })
    }
    return true
  }

  return {
    page: (viewer, args) => pageOf(db, viewer, args),
    changes: createChanges(deps),
    one: async (viewer, id) => toTerminal(viewer, await findOpen(viewer, id)),

    open: createOpening({ ...deps, changed, close }),

    async end(viewer, id) {
      const row = await findOpen(viewer, id)
      const by = 'name' in viewer ? viewer.name : null
      const held = row.state !== 'CLOSED' && (await linkOf(row.instanceId)) !== null
      await db.change(viewer, 'terminal.end', { kind: 'terminal', id }, async (tx) => {
        // With its agent away nobody can report the end: the row closes now, and the agent ends the shell when it is back.
        if (row.state !== 'CLOSED' && !held) await closeRow(tx, id, { reason: 'ENDED', by })
        // One that closed meanwhile keeps what its close said.
        if (row.state !== 'CLOSED' && held)
          await tx.prisma.terminal.updateMany({ where: { id, state: { not: 'CLOSED' } }, data: { closedBy: by } })
        return { result: id, before: { state: row.state }, after: { by }, publish: () => changed(id) }
      })
      if (held) await orderEnd(row.instanceId, id, 'ENDED')
      return toTerminal(viewer, await findOpen(viewer, id))
    },

    async attach(viewer, args) {
      checkAttach(args)
      const { instanceId } = await grants.of(viewer, args.terminalId)
      return attach(instanceId, args)
    },

    input(viewer, { terminalId, attachmentId, offset, data }) {
      checkAttachment(attachmentId)
      checkInput({ offset, data })
      return forward(viewer, terminalId, () => ({
        kind: 'terminalInput',
        terminalId,
        writer: attachmentId,
        offset,
        data,
      }))
    },
    ack(viewer, { terminalId, attachmentId, offset }) {
      checkAttachment(attachmentId)
      checkOffset('offset', offset)
      return forward(viewer, terminalId, () => ({ kind: 'terminalAck', terminalId, attachmentId, offset }))
    },
    resize(viewer, { terminalId, attachmentId, cols, rows }) {
      checkAttachment(attachmentId)
      checkSize('', { cols, rows })
      return forward(viewer, terminalId, () => ({ kind: 'terminalResize', terminalId, attachmentId, cols, rows }))
    },

    async held(agent, sessions) {
      if (sessions.length > 4 * LIMITS.terminalsPerAgent) {
        throw new Fault(
          'BAD_INPUT',
          `sessions: expected at most ${4 * LIMITS.terminalsPerAgent}, got ${sessions.length}.`,
        )
      }
      const rows = await holders.openOf(agent)
      const listed = new Set(sessions.map(({ id }) => id))
      for (const row of rows) {
        if (listed.has(row.id)) {
          // Found again under this link; whatever link comes next judges it anew.
          await db.prisma.terminal.updateMany({
            where: { id: row.id, epoch: { lt: agent.epoch } },
            data: { epoch: agent.epoch },
          })
        } else if (BigInt(row.epoch) < agent.epoch) {
          await close(console, row.id, { reason: 'AGENT_RESTARTED' })
        }
      }
      const open = new Set(rows.map(({ id }) => id))
      for (const id of listed) if (open.has(id)) holders.remember(agent, id)
      return sessions.map(({ id }) => id).filter((id) => !open.has(id))
    },

    async opened(agent, { id, pid, shell, failure }) {
      await holders.look(agent, id)
      if (failure !== null && failure !== undefined) {
        return close(agent, id, { reason: 'FAILED', message: failure.slice(0, 500), finalOffset: 0 })
      }
      const { count } = await db.prisma.terminal.updateMany({
        where: { id, state: 'OPENING' },
        data: {
          state: 'READY',
          readyAt: new Date(clock.now()),
          pid: pid ?? null,
          ...(shell && { shell: shell.slice(0, 500) }),
        },
      })
      changed(id)
      if (count > 0) return true
      // Said twice is no harm; said too late means that nobody waits any more.
      return (await endOf(id)) === null
    },

    async frames(agent, { terminalId, attachmentId, frames }) {
      const asked = holders.demand(agent, terminalId)
      if (asked) await asked
      const checked = toFrames(frames)
      if (attachmentId) {
        checkAttachment(attachmentId)
        bus.publish(topics.terminalReplay, attachmentId, checked)
      } else {
        bus.publish(topics.terminalFrames, terminalId, checked)
      }
      return true
    },

    async closed(agent, report: ClosedReport) {
      await holders.look(agent, report.id)
      checkOffset('report.finalOffset', report.finalOffset)
      const { id, reason, finalOffset, exitCode, signal } = report
      const end = { finalOffset, exitCode: exitCode ?? null, signal: signal?.slice(0, 40) ?? null }
      // One that the console closed keeps its reason; that the agent knows of it, and how it ended, is news all the same.
      if (!(await close(agent, id, { reason, ...end })))
        await db.prisma.terminal.updateMany({ where: { id, finalOffset: null }, data: end })
      return true
    },

    async closeInstance(instanceId) {
      const rows = await db.prisma.terminal.findMany({
        where: { instanceId, state: { not: 'CLOSED' } },
        select: { id: true },
      })
      for (const { id } of rows) await close(console, id, { reason: 'INSTANCE_REMOVED' })
    },

    async start() {
      const ends = await bus.subscribe(topics.accessEnded, 'all')
      const followed = (async () => {
        for await (const ended of ends) {
          if (ended === gap) grants.doubtAll()
          else grants.forget(ended)
          await endRevoked().catch((error: unknown) =>
            log.error('could not end the terminals of somebody whose access ended', { error }),
          )
        }
      })()
      // A notice may be lost with its replica, and none comes while the bus is away.
      const undoLooking = jobs.start({ name: 'terminals.look', intervalMs: lookMs, run: look, atStart: true })
      return async () => {
        await ends.return()
        await followed
        await undoLooking()
      }
    },
  }
}
