// The terminals service: rows that say who holds which shell, and the way of bytes between page and agent.
import type {
  AgentViewer,
  ClosedFrame,
  ClosedReport,
  CloseReason,
  Order,
  Terminal,
  Terminals,
  Viewer,
} from '@sindri/schema'
import { alreadyAudited } from '@sindri/schema'
import { Fault } from '@sindri/schema/contract/codes'
import { LIMITS } from '@sindri/schema/contract/limits'
import { can } from '@sindri/schema/contract/roles'
import type { Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db, Tx } from '../platform/db.ts'
import type { Ids } from '../platform/ids.ts'
import type { Log } from '../platform/log.ts'
import { topics } from '../platform/topics.ts'
import { createAttach } from './attach.ts'
import {
  checkAttach,
  checkAttachment,
  checkInput,
  checkOffset,
  checkSize,
  checkTerminalId,
  noTerminal,
  toFrames,
  toOpening,
} from './check.ts'
import { createGrants, type Grant } from './grants.ts'
import { findTerminal, pageOf, type TerminalRow, toTerminal } from './rows.ts'

export interface TerminalsDeps {
  db: Db
  bus: Bus
  clock: Clock
  log: Log
  ids: Ids
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
  /** Follows the ends of sessions, keys and roles; returns its undo. */
  start(): Promise<() => Promise<void>>
}

interface Ending {
  reason: CloseReason
  finalOffset?: number | null
  exitCode?: number | null
  signal?: string | null
  message?: string | null
  by?: string | null
}

const console = { kind: 'system', name: 'console' } as const

export const createTerminals = (deps: TerminalsDeps): TerminalsService => {
  const { db, bus, clock, log, ids, order, linkOf, instanceOf } = deps
  const grants = createGrants(db, () => clock.monotonicMs())

  const endOf = async (id: string): Promise<ClosedFrame | null> => {
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
  }
  const attach = createAttach({ bus, clock, ids, order, endOf })

  const changed = (id: string): void => {
    bus.publish(topics.terminalChanged, id, { id })
  }

  /** Forward only: whoever closes first says why, and the entry in the audit log is theirs. */
  const closeRow = async (
    tx: Tx,
    id: string,
    { reason, finalOffset, exitCode, signal, message, by }: Ending,
  ): Promise<boolean> => {
    const { count } = await tx.prisma.terminal.updateMany({
      where: { id, state: { not: 'CLOSED' } },
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

  const close = async (actor: AgentViewer | typeof console, id: string, ending: Ending): Promise<boolean> => {
    const known = await db.prisma.terminal.findUnique({ where: { id }, select: { state: true } })
    if (!known || known.state === 'CLOSED') return false
    return db.change(actor, 'terminal.close', { kind: 'terminal', id }, async (tx) => ({
      result: await closeRow(tx, id, ending),
      before: { state: known.state },
      after: { state: 'CLOSED', ...ending },
      publish: () => changed(id),
    }))
  }

  /** Ends shells whose opener lost what they opened them with. */
  const revoke = async (where: { sessionId: string } | { openerId: string }): Promise<void> => {
    const rows = await db.prisma.terminal.findMany({
      where: { ...where, state: { not: 'CLOSED' } },
      select: { id: true, instanceId: true },
    })
    for (const row of rows) {
      await close(console, row.id, { reason: 'REVOKED' })
      await order(row.instanceId, { kind: 'terminalEnd', terminalId: row.id, reason: 'REVOKED' })
    }
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

  /** Frames are refused unless the terminal is this agent's; remembered, for it is asked for every message. */
  const holders = new Map<string, string>()
  const remember = (agent: AgentViewer, terminalId: string): void => {
    if (holders.size > 20_000) holders.clear()
    holders.set(terminalId, agent.id)
  }
  const lookForHolder = async (agent: AgentViewer, terminalId: string): Promise<void> => {
    checkTerminalId(terminalId)
    const row = await db.prisma.terminal.findUnique({ where: { id: terminalId }, select: { instanceId: true } })
    if (row?.instanceId !== agent.id) throw noTerminal(terminalId)
    remember(agent, terminalId)
  }
  /** One question for all messages that come meanwhile: two might be answered in the other order, and the messages with them. */
  const looking = new Map<string, Promise<void>>()
  /** Undefined: it is. */
  const demandHolder = (agent: AgentViewer, terminalId: string): Promise<void> | undefined => {
    const key = `${agent.id} ${terminalId}`
    const known = looking.get(key)
    if (known || holders.get(terminalId) === agent.id) return known
    const look = lookForHolder(agent, terminalId)
    looking.set(key, look)
    // A turn later: until then messages that waited may still be on their way, and nobody may pass them.
    void Promise.allSettled([look]).then(() => clock.after(0, () => looking.delete(key)))
    return look
  }

  return {
    page: (viewer, args) => pageOf(db, viewer, args),
    one: async (viewer, id) => toTerminal(viewer, await findOpen(viewer, id)),

    async open(viewer, input) {
      if (viewer.kind !== 'user' && viewer.kind !== 'key')
        throw new Fault('FORBIDDEN', 'Terminals are opened by users and keys.')
      const opening = toOpening(input)
      const instance = await instanceOf(viewer, input.instanceId)
      const link = await linkOf(instance.id)
      if (!link) throw new Fault('AGENT_OFFLINE', `The agent of ${instance.name} is not connected.`)
      const open = await db.prisma.terminal.count({ where: { instanceId: instance.id, state: { not: 'CLOSED' } } })
      if (open >= LIMITS.terminalsPerAgent) {
        throw new Fault(
          'LIMIT_REACHED',
          `${instance.name} holds ${open} terminals; at most ${LIMITS.terminalsPerAgent} are possible. End one first.`,
        )
      }
      const id = ids.make('terminal')
      // Before the order goes out: the answer may be faster than the next line.
      const reports = await bus.subscribe(topics.terminalChanged, id)
      try {
        await db.change(viewer, 'terminal.open', { kind: 'terminal', id }, async (tx) => {
          await tx.prisma.terminal.create({
            data: {
              id,
              instanceId: instance.id,
              run: link.run,
              epoch: link.epoch,
              openerKind: viewer.kind === 'user' ? 'USER' : 'KEY',
              openerId: viewer.id,
              openerName: viewer.name,
              sessionId: viewer.kind === 'user' ? viewer.sessionId : null,
              cols: opening.cols,
              rows: opening.rows,
              shell: opening.shell,
              cwd: opening.cwd,
            },
          })
          const { env, ...rest } = opening
          // Values may be secrets; their names are enough to know what was set.
          return { result: id, after: { instance: instance.name, ...rest, env: env.map(({ name }) => name) } }
        })
        const deadline = new Date(clock.now() + LIMITS.terminalOpenTimeoutMs).toISOString()
        await order(instance.id, { kind: 'terminalOpen', terminalId: id, ...opening, deadline })
        return await opened(viewer, id, instance.name, reports)
      } finally {
        await reports.return()
      }
    },

    async end(viewer, id) {
      const row = await findOpen(viewer, id)
      const by = 'name' in viewer ? viewer.name : null
      const held = row.state !== 'CLOSED' && (await linkOf(row.instanceId)) !== null
      await db.change(viewer, 'terminal.end', { kind: 'terminal', id }, async (tx) => {
        // With its agent away nobody can report the end: the row closes now, and the agent ends the shell when it is back.
        if (row.state !== 'CLOSED' && !held) await closeRow(tx, id, { reason: 'ENDED', by })
        if (row.state !== 'CLOSED' && held) await tx.prisma.terminal.update({ where: { id }, data: { closedBy: by } })
        return { result: id, before: { state: row.state }, after: { by }, publish: () => changed(id) }
      })
      if (held) await order(row.instanceId, { kind: 'terminalEnd', terminalId: id, reason: 'ENDED' })
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
      const listed = new Set(sessions.map(({ id }) => id))
      const rows = await db.prisma.terminal.findMany({ where: { instanceId: agent.id, state: { not: 'CLOSED' } } })
      for (const row of rows) {
        if (listed.has(row.id)) {
          // Found again under this link; whatever link comes next judges it anew.
          await db.prisma.terminal.update({ where: { id: row.id }, data: { epoch: agent.epoch } })
        } else if (row.epoch < agent.epoch) {
          await close(console, row.id, { reason: 'AGENT_RESTARTED' })
        }
      }
      const open = new Set(rows.map(({ id }) => id))
      for (const id of listed) if (open.has(id)) remember(agent, id)
      return sessions.map(({ id }) => id).filter((id) => !open.has(id))
    },

    async opened(agent, { id, pid, shell, failure }) {
      await demandHolder(agent, id)
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
      const look = demandHolder(agent, terminalId)
      if (look) await look
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
      await demandHolder(agent, report.id)
      checkOffset('report.finalOffset', report.finalOffset)
      const { id, reason, finalOffset, exitCode, signal } = report
      await close(agent, id, { reason, finalOffset, exitCode: exitCode ?? null, signal: signal?.slice(0, 40) ?? null })
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
          grants.forgetAll()
          // After a gap nothing is known; sockets are judged again by those who hold them.
          if (typeof ended === 'symbol') continue
          try {
            if (ended.kind === 'session') await revoke({ sessionId: ended.id })
            else if (ended.kind === 'key') await revoke({ openerId: ended.id })
            else if (!(await mayOpen(ended.id))) await revoke({ openerId: ended.id })
          } catch (error) {
            log.error('could not end the terminals of somebody whose access ended', { error })
          }
        }
      })()
      return async () => {
        await ends.return()
        await followed
      }
    },
  }

  async function mayOpen(userId: string): Promise<boolean> {
    const user = await db.prisma.user.findUnique({ where: { id: userId }, select: { role: true, deactivatedAt: true } })
    return user !== null && user.deactivatedAt === null && can({ role: user.role }, 'terminal.open')
  }

  /** Waits for the agent's word about a terminal just ordered. */
  async function opened(viewer: Viewer, id: string, name: string, reports: AsyncIterable<unknown>): Promise<Terminal> {
    const late = Promise.withResolvers<'late'>()
    const cancel = clock.after(LIMITS.terminalOpenTimeoutMs, () => late.resolve('late'))
    const iterator = reports[Symbol.asyncIterator]()
    try {
      for (;;) {
        const row = await findOpen(viewer, id)
        if (row.state === 'READY') return toTerminal(viewer, row)
        if (row.reason === 'FAILED') {
          throw alreadyAudited(
            new Fault('AGENT_FAILED', `${name} could not start the shell: ${row.message ?? 'no reason given'}`),
          )
        }
        if (row.state === 'CLOSED') {
          throw alreadyAudited(
            new Fault('TERMINAL_CLOSED', `The terminal was closed before it was ready (${row.reason}).`),
          )
        }
        if ((await Promise.race([iterator.next(), late.promise])) !== 'late') continue
        await close(console, id, { reason: 'FAILED', message: 'The agent did not answer in time.' })
        await order(row.instanceId, { kind: 'terminalEnd', terminalId: id, reason: 'FAILED' })
        throw alreadyAudited(
          new Fault(
            'AGENT_TIMEOUT',
            `The agent of ${name} did not answer within ${LIMITS.terminalOpenTimeoutMs / 1000} s.`,
          ),
        )
      }
    } finally {
      cancel()
    }
  }
}
