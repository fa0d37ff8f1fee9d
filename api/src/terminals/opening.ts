// A terminal opens: its row first, then the order, then the word of the agent, which is waited for whatever is lost on the way.
import type { OpenTerminalInput, Terminal, Viewer } from '@sindri/schema'
import { alreadyAudited } from '@sindri/schema'
import { Fault } from '@sindri/schema/contract/codes'
import { LIMITS } from '@sindri/schema/contract/limits'
import { topics } from '../platform/topics.ts'
import { noTerminal, toOpening } from './check.ts'
import { console, type createClosing } from './closing.ts'
import { findTerminal, toTerminal } from './rows.ts'
import type { TerminalsDeps } from './terminals.ts'

interface Deps extends Pick<TerminalsDeps, 'db' | 'bus' | 'clock' | 'ids' | 'order' | 'linkOf' | 'instanceOf'> {
  changed: (id: string) => void
  close: ReturnType<typeof createClosing>['close']
}

/** Where no notice came, the row is read and the order given again after this long; the agent opens a terminal once. */
const roundMs = 2_000
const rounds = LIMITS.terminalOpenTimeoutMs / roundMs

/** A database that is away may be back before the time is over. */
const patiently = async <T>(work: () => T | Promise<T>): Promise<T | undefined> => {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Fault && error.code === 'UNAVAILABLE') return undefined
    throw error
  }
}

export const createOpening = ({ db, bus, clock, ids, order, linkOf, instanceOf, changed, close }: Deps) => {
  /** The terminal once it is ready; undefined as long as nobody knows. */
  const look = async (viewer: Viewer, id: string, name: string): Promise<Terminal | undefined> => {
    const row = await findTerminal(db.prisma, viewer, id)
    if (!row) throw noTerminal(id)
    if (row.state === 'READY') return toTerminal(viewer, row)
    if (row.state === 'OPENING') return undefined
    throw alreadyAudited(
      row.reason === 'FAILED'
        ? new Fault('AGENT_FAILED', `${name} could not start the shell: ${row.message ?? 'no reason given'}`)
        : new Fault('TERMINAL_CLOSED', `The terminal was closed before it was ready (${row.reason}).`),
    )
  }

  /** False when it is not opening any more. */
  const giveUp = async (instanceId: string, id: string, message: string): Promise<boolean> => {
    const closed = await close(console, id, { reason: 'FAILED', message }, 'OPENING')
    if (closed) await order(instanceId, { kind: 'terminalEnd', terminalId: id, reason: 'FAILED' })
    return closed
  }

  /** Undefined: the time is over. */
  const waitFor = async (
    seek: () => Promise<Terminal | undefined>,
    give: () => unknown,
    reports: AsyncIterable<unknown>,
  ): Promise<Terminal | undefined> => {
    let wake = (): void => {}
    let left = rounds
    let given = rounds
    void (async () => {
      for await (const _ of reports) wake()
    })()
    const undo = clock.every(roundMs, () => {
      left -= 1
      wake()
    })
    try {
      await patiently(give)
      for (;;) {
        // Before the row is read: what comes while it is read is not missed.
        const woken = new Promise<void>((resolve) => (wake = resolve))
        const ready = await patiently(seek)
        if (ready || left <= 0) return ready
        if (left < given) await patiently(give)
        given = left
        await woken
      }
    } finally {
      undo()
    }
  }

  return async (viewer: Viewer, input: OpenTerminalInput): Promise<Terminal> => {
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
        return {
          result: id,
          after: { instance: instance.name, ...rest, env: env.map(({ name }) => name) },
          publish: () => changed(id),
        }
      })
      const deadline = new Date(clock.now() + LIMITS.terminalOpenTimeoutMs).toISOString()
      const seek = () => look(viewer, id, instance.name)
      const ready = await waitFor(
        seek,
        () => order(instance.id, { kind: 'terminalOpen', terminalId: id, ...opening, deadline }),
        reports,
      )
      if (ready) return ready
      if (!(await giveUp(instance.id, id, 'The agent did not answer in time.'))) return (await seek()) as Terminal
      throw alreadyAudited(
        new Fault(
          'AGENT_TIMEOUT',
          `The agent of ${instance.name} did not answer within ${LIMITS.terminalOpenTimeoutMs / 1000} s.`,
        ),
      )
    } catch (error) {
      // While the database is away this fails as well, and is left to those who look for what nobody waits for.
      await giveUp(instance.id, id, 'The console could not ask for it.').catch(() => {})
      throw error
    } finally {
      await reports.return()
    }
  }
}
