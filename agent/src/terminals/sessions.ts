// The table of terminals: opens them within the agent's limits, hands each order to its session, forgets what is over.
import { LIMITS } from '@sindri/schema/contract/limits'
import type { Clock } from '../platform/clock.ts'
import { chooseShell, type ShellUser } from '../platform/shell.ts'
import { buildShellEnv } from '../platform/shellEnv.ts'
import { SpawnFailure } from '../platform/spawnFailure.ts'
import type { EndReason, TerminalFrame } from './frames.ts'
import type {
  TerminalAckOrder,
  TerminalAttachOrder,
  TerminalCloseOrder,
  TerminalDetachOrder,
  TerminalInputOrder,
  TerminalOpenOrder,
  TerminalResizeOrder,
} from './orders.ts'
import type { SpawnPty } from './pty.ts'
import { openSession, type Session, type TerminalReport } from './session.ts'
import { toSize } from './size.ts'

export type OpenAnswer =
  | { kind: 'ready'; terminalId: string; pid: number; shell: string }
  | { kind: 'failed'; terminalId: string; code: 'LIMIT_REACHED' | 'AGENT_FAILED'; reason: string }

export interface Sessions {
  /** Null when the order is past its deadline. The same order again gets the same answer and starts nothing. */
  open(order: TerminalOpenOrder): OpenAnswer | null
  // False: no such terminal here.
  attach(order: TerminalAttachOrder): boolean
  input(order: TerminalInputOrder): boolean
  ack(order: TerminalAckOrder): boolean
  resize(order: TerminalResizeOrder): boolean
  detach(order: TerminalDetachOrder): boolean
  close(order: TerminalCloseOrder): boolean
  /** All that run, and the ended whose end is news to the console. */
  report(): TerminalReport[]
  /** The console has taken the report of this end. */
  acknowledgeEnd(terminalId: string): void
  linkLost(): void
  linkRegained(): void
  /** Ends all, and opens no more. Resolves when no process is left, within 4 s. */
  closeAll(): Promise<void>
}

export interface SessionsOptions {
  clock: Clock
  spawn: SpawnPty
  env: Readonly<Record<string, string | undefined>>
  user: ShellUser
  configuredShell: string | null
  publish: (terminalId: string, attachmentId: string | null, frames: TerminalFrame[]) => Promise<void>
  onEnded: (report: TerminalReport) => void
  linkIsUp?: boolean
  ringBytes?: number
  /** A terminal that nobody has looked at for this long is ended. */
  idleMs?: number
}

/** An ended terminal stays this long, so that a slow viewer still gets its tail. */
const keepEndedMs = 60_000
const sweepMs = 5_000
/** Answers remembered, so that a late repeat of an order to open does not open again. */
const maxAnswers = 1_000

export function createSessions(options: SessionsOptions): Sessions {
  const { clock, spawn, env, user, configuredShell, publish, onEnded } = options
  const { ringBytes = LIMITS.terminalRingBytes, idleMs = LIMITS.terminalIdleMs } = options
  const maxSessions = Math.min(LIMITS.terminalsPerAgent, Math.floor(LIMITS.terminalRingsPerAgentBytes / ringBytes))
  const sessions = new Map<string, Session>()
  const answers = new Map<string, OpenAnswer>()
  const acknowledged = new Set<string>()
  let linkIsUp = options.linkIsUp ?? false
  let stopping = false

  function forget(terminalId: string, session: Session): void {
    session.dispose()
    sessions.delete(terminalId)
    acknowledged.delete(terminalId)
  }

  const undoSweep = clock.every(sweepMs, () => {
    const nowMs = clock.monotonicMs()
    for (const [terminalId, session] of sessions) {
      if (session.endedMs === null) {
        if (nowMs - session.heardMs >= idleMs) void session.close('ABANDONED')
      } else if (acknowledged.has(terminalId) && (nowMs - session.endedMs >= keepEndedMs || session.isSeenToTheEnd)) {
        forget(terminalId, session)
      }
    }
  })

  /** An ended terminal gives way to a new one once the console knows its end. */
  function makeRoom(): boolean {
    for (const [terminalId, session] of sessions) {
      if (sessions.size < maxSessions) return true
      if (acknowledged.has(terminalId)) forget(terminalId, session)
    }
    return sessions.size < maxSessions
  }

  function start(order: TerminalOpenOrder): OpenAnswer {
    const { terminalId } = order
    if (!makeRoom()) {
      const reason = `expected at most ${maxSessions} terminals on this machine, got one more`
      return { kind: 'failed', terminalId, code: 'LIMIT_REACHED', reason }
    }
    const { file, args } = chooseShell({
      wanted: order.shell,
      configured: configuredShell,
      loginShell: user.loginShell,
      env,
    })
    const size = toSize(order)
    try {
      const shellEnv = buildShellEnv({ base: env, extra: order.env ?? [], shell: file, user })
      const pty = spawn({ file, args, cwd: order.cwd || user.home, env: shellEnv, size })
      const session = openSession({
        terminalId,
        pty,
        size,
        ringBytes,
        clock,
        publish: (attachmentId, frames) => publish(terminalId, attachmentId, frames),
        linkIsUp,
        onEnded,
      })
      sessions.set(terminalId, session)
      return { kind: 'ready', terminalId, pid: pty.pid, shell: file }
    } catch (error) {
      if (!(error instanceof SpawnFailure)) throw error
      return { kind: 'failed', terminalId, code: 'AGENT_FAILED', reason: error.message }
    }
  }

  function pass(terminalId: string, run: (session: Session) => void): boolean {
    const session = sessions.get(terminalId)
    if (session) run(session)
    return session !== undefined
  }

  return {
    open(order) {
      const known = answers.get(order.terminalId)
      if (known) return known
      if (stopping || clock.now() > order.deadlineAt) return null
      const answer = start(order)
      answers.set(order.terminalId, answer)
      const oldest = answers.keys().next().value
      if (answers.size > maxAnswers && oldest !== undefined) answers.delete(oldest)
      return answer
    },
    attach: (order) => pass(order.terminalId, (session) => session.attach(order)),
    input: (order) => pass(order.terminalId, (session) => session.input(order)),
    ack: (order) => pass(order.terminalId, (session) => session.ack(order)),
    resize: (order) => pass(order.terminalId, (session) => session.resize(order)),
    detach: (order) => pass(order.terminalId, (session) => session.detach(order.attachmentId)),
    close: (order) => pass(order.terminalId, (session) => void session.close(order.reason)),
    report: () =>
      [...sessions.values()].map((session) => session.report()).filter((each) => !acknowledged.has(each.terminalId)),
    acknowledgeEnd(terminalId) {
      if (sessions.has(terminalId)) acknowledged.add(terminalId)
    },
    linkLost() {
      linkIsUp = false
      for (const session of sessions.values()) session.linkLost()
    },
    linkRegained() {
      linkIsUp = true
      for (const session of sessions.values()) session.linkRegained()
    },
    async closeAll() {
      stopping = true
      undoSweep()
      const reason: EndReason = 'AGENT_RESTARTED'
      await Promise.all([...sessions.values()].map((session) => session.close(reason)))
      for (const [terminalId, session] of sessions) forget(terminalId, session)
    },
  }
}
