// What a terminal is: where it runs and for whom, how far it is, and why it is closed.
import { builder } from './builder.ts'

export const TERMINAL_STATES = ['OPENING', 'READY', 'CLOSED'] as const
export type TerminalState = (typeof TERMINAL_STATES)[number]

/** Why a terminal is closed. */
export const CLOSE_REASONS = [
  'EXITED',
  'ENDED',
  'FAILED',
  'ABANDONED',
  'AGENT_RESTARTED',
  'INSTANCE_REMOVED',
  'REVOKED',
] as const
export type CloseReason = (typeof CLOSE_REASONS)[number]

export interface Terminal {
  id: string
  instanceId: string
  instanceName: string
  openerId: string
  openerName: string
  state: TerminalState
  reason: CloseReason | null
  /** A sentence for the reason FAILED. */
  message: string | null
  cols: number
  rows: number
  shell: string | null
  cwd: string | null
  pid: number | null
  finalOffset: number | bigint | null
  exitCode: number | null
  signal: string | null
  closedBy: string | null
  openedAt: Date
  readyAt: Date | null
  closedAt: Date | null
  /** Whether the caller may attach to it. */
  mine: boolean
}

const StateEnum = builder.enumType('TerminalState', { description: 'Moves forward only.', values: TERMINAL_STATES })
export const ReasonEnum = builder.enumType('TerminalCloseReason', {
  description: 'Why a terminal is closed.',
  values: {
    EXITED: { description: 'Its program ended.' },
    ENDED: { description: 'Somebody ended it.' },
    FAILED: { description: 'The shell could not be started.' },
    ABANDONED: { description: 'Nobody looked at it for too long.' },
    AGENT_RESTARTED: { description: 'The agent that held it is gone.' },
    INSTANCE_REMOVED: { description: 'Its instance was removed.' },
    REVOKED: { description: "Its opener's access ended." },
  },
})

export const TerminalRef = builder.objectRef<Terminal>('Terminal').implement({
  description:
    'A shell on an instance. It belongs to the user who opened it; administrators see that it exists and may end it.',
  fields: (t) => ({
    id: t.exposeID('id', { description: '"trm_…"' }),
    instanceId: t.exposeID('instanceId', { description: 'Where it runs.' }),
    instanceName: t.exposeString('instanceName', { description: 'Name of that instance.' }),
    openerId: t.exposeID('openerId', { description: 'User or key that opened it.' }),
    openerName: t.exposeString('openerName', { description: "The opener's name." }),
    state: t.expose('state', { type: StateEnum, description: 'How far it is.' }),
    reason: t.expose('reason', { type: ReasonEnum, nullable: true, description: 'Why it is closed.' }),
    message: t.exposeString('message', {
      nullable: true,
      description: 'What the agent said when the shell could not be started.',
    }),
    cols: t.exposeInt('cols', { description: 'Columns it was opened with.' }),
    rows: t.exposeInt('rows', { description: 'Rows it was opened with.' }),
    shell: t.exposeString('shell', { nullable: true, description: 'Program it runs, once known.' }),
    cwd: t.exposeString('cwd', { nullable: true, description: 'Directory it began in, where one was asked for.' }),
    pid: t.exposeInt('pid', { nullable: true, description: 'Process id on the instance.' }),
    finalOffset: t.expose('finalOffset', {
      type: 'BigInt',
      nullable: true,
      description: 'Bytes of output in all, once closed.',
    }),
    exitCode: t.exposeInt('exitCode', { nullable: true, description: 'Exit code, where it exited.' }),
    signal: t.exposeString('signal', { nullable: true, description: 'Signal that ended it, such as "SIGHUP".' }),
    closedBy: t.exposeString('closedBy', { nullable: true, description: 'Who ended it.' }),
    openedAt: t.expose('openedAt', { type: 'DateTime', description: 'When it was asked for.' }),
    readyAt: t.expose('readyAt', { type: 'DateTime', nullable: true, description: 'When the shell ran.' }),
    closedAt: t.expose('closedAt', { type: 'DateTime', nullable: true, description: 'When it closed.' }),
    mine: t.exposeBoolean('mine', { description: 'Whether the caller may attach to it.' }),
  }),
})
