// Terminals: a shell on an instance, whose bytes have offsets both ways so that it resumes to the byte.
import { builder } from './builder.ts'
import type { AgentViewer, Viewer } from './context.ts'
import { AFTER, connectionOf, FIRST, type Page, type PageArgs } from './paging.ts'

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

export interface OutputFrame {
  kind: 'output'
  offset: number
  /** base64 */
  data: string
  replay: boolean
}
export interface ResizedFrame {
  kind: 'resized'
  offset: number
  cols: number
  rows: number
  replay: boolean
}
export interface LostFrame {
  kind: 'lost'
  from: number
  to: number
}
export interface JoinedFrame {
  kind: 'joined'
  offset: number
  cols: number
  rows: number
}
export interface BeaconFrame {
  kind: 'beacon'
  outputHead: number
  inputAcks: { writer: string; offset: number }[]
  governor: string | null
  cols: number
  rows: number
}
export interface ClosedFrame {
  kind: 'closed'
  finalOffset: number | null
  exitCode: number | null
  signal: string | null
  reason: CloseReason
  /** Who ended it, where somebody did. */
  by: string | null
}
export type TerminalFrame = OutputFrame | ResizedFrame | LostFrame | JoinedFrame | BeaconFrame | ClosedFrame

/** A frame as the agent sends it: exactly one member is set. */
export interface FrameInput {
  output?: { offset: number; data: string; replay: boolean } | null | undefined
  resized?: { offset: number; cols: number; rows: number; replay: boolean } | null | undefined
  lost?: { from: number; to: number } | null | undefined
  joined?: { offset: number; cols: number; rows: number } | null | undefined
  beacon?:
    | {
        outputHead: number
        inputAcks: { writer: string; offset: number }[]
        governor?: string | null | undefined
        cols: number
        rows: number
      }
    | null
    | undefined
}

export interface OpenTerminalInput {
  instanceId: string
  cols: number
  rows: number
  shell?: string | null | undefined
  cwd?: string | null | undefined
  env?: { name: string; value: string }[] | null | undefined
}

export interface HeldTerminal {
  id: string
  outputHead: number
  pid?: number | null | undefined
}

export interface ClosedReport {
  id: string
  finalOffset: number
  exitCode?: number | null | undefined
  signal?: string | null | undefined
  reason: CloseReason
}

export interface AttachArgs {
  terminalId: string
  attachmentId: string
  from?: number | null | undefined
  cols: number
  rows: number
}

export interface Terminals {
  page(
    viewer: Viewer,
    args: PageArgs & { instanceId?: string | null | undefined; open?: boolean | null | undefined },
  ): Promise<Page<Terminal>>
  one(viewer: Viewer, id: string): Promise<Terminal>
  /** Answers once the shell runs. AGENT_OFFLINE at once, AGENT_TIMEOUT after 10 s, AGENT_FAILED with the agent's reason. */
  open(viewer: Viewer, input: OpenTerminalInput): Promise<Terminal>
  end(viewer: Viewer, id: string): Promise<Terminal>
  attach(viewer: Viewer, args: AttachArgs): Promise<AsyncIterable<TerminalFrame>>
  input(
    viewer: Viewer,
    args: { terminalId: string; attachmentId: string; offset: number; data: string },
  ): Promise<boolean>
  ack(viewer: Viewer, args: { terminalId: string; attachmentId: string; offset: number }): Promise<boolean>
  resize(
    viewer: Viewer,
    args: { terminalId: string; attachmentId: string; cols: number; rows: number },
  ): Promise<boolean>
  /** From the agent: its sessions at the begin of a link; answers those it shall end. */
  held(agent: AgentViewer, sessions: HeldTerminal[]): Promise<string[]>
  opened(
    agent: AgentViewer,
    report: {
      id: string
      pid?: number | null | undefined
      shell?: string | null | undefined
      failure?: string | null | undefined
    },
  ): Promise<boolean>
  frames(
    agent: AgentViewer,
    report: { terminalId: string; attachmentId?: string | null | undefined; frames: FrameInput[] },
  ): Promise<boolean>
  closed(agent: AgentViewer, report: ClosedReport): Promise<boolean>
}

const StateEnum = builder.enumType('TerminalState', { description: 'Moves forward only.', values: TERMINAL_STATES })
const ReasonEnum = builder.enumType('TerminalCloseReason', {
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

const TerminalRef = builder.objectRef<Terminal>('Terminal').implement({
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

const TerminalConnection = connectionOf('Terminal', TerminalRef)

builder.queryFields((t) => ({
  terminals: t.field({
    type: TerminalConnection,
    can: 'terminal.read',
    description: "The caller's own terminals, newest first; administrators see everybody's.",
    args: {
      instanceId: t.arg.id({ description: 'Only on this instance.' }),
      open: t.arg.boolean({ description: 'true: only open ones; false: only closed ones.' }),
      first: t.arg.int({ description: FIRST }),
      after: t.arg.string({ description: AFTER }),
    },
    resolve: (_, args, { viewer, terminals }) => terminals.page(viewer, args),
  }),
  terminal: t.field({
    type: TerminalRef,
    can: 'terminal.read',
    description: "One terminal. NOT_FOUND for others' but to administrators.",
    args: { id: t.arg.id({ required: true, description: '"trm_…"' }) },
    resolve: (_, { id }, { viewer, terminals }) => terminals.one(viewer, id),
  }),
}))

const VariableInput = builder.inputType('VariableInput', {
  description: 'An environment variable.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'Its name.' }),
    value: t.string({ required: true, description: 'Its value.' }),
  }),
})
const OpenTerminalInputRef = builder.inputType('OpenTerminalInput', {
  description: 'A terminal to be.',
  fields: (t) => ({
    instanceId: t.id({ required: true, description: 'Where.' }),
    cols: t.int({ required: true, description: 'Columns, 2–1000.' }),
    rows: t.int({ required: true, description: 'Rows, 1–500.' }),
    shell: t.string({ description: "Program; absent for the agent's SINDRI_AGENT_SHELL or its user's shell." }),
    cwd: t.string({ description: 'Directory; absent for the home directory.' }),
    env: t.field({ type: [VariableInput], description: 'More environment variables, at most 64.' }),
  }),
})

const address = 'The terminal.'
const attachment = 'The attachment, "att_" and 26 characters, made by the page; also its identity as a writer.'

builder.mutationFields((t) => ({
  openTerminal: t.field({
    type: TerminalRef,
    can: 'terminal.open',
    audit: 'entry',
    description:
      'Starts a shell and answers once it runs. AGENT_OFFLINE at once, AGENT_TIMEOUT after 10 s, AGENT_FAILED with the reason of the agent.',
    args: { input: t.arg({ type: OpenTerminalInputRef, required: true, description: 'The terminal to be.' }) },
    resolve: (_, { input }, { viewer, terminals }) => terminals.open(viewer, input),
  }),
  endTerminal: t.field({
    type: TerminalRef,
    can: 'terminal.end',
    audit: 'entry',
    description: 'Ends a terminal: its process group gets SIGHUP, and SIGKILL 3 s later.',
    args: { id: t.arg.id({ required: true, description: address }) },
    resolve: (_, { id }, { viewer, terminals }) => terminals.end(viewer, id),
  }),
  sendTerminalInput: t.boolean({
    can: 'terminal.open',
    audit: 'session',
    description:
      'Bytes for the program. Repeats and reordering do no harm: the agent goes by the offset. SLOW_AGENT when it can take no more.',
    args: {
      terminalId: t.arg.id({ required: true, description: address }),
      attachmentId: t.arg.id({ required: true, description: attachment }),
      offset: t.arg({
        type: 'BigInt',
        required: true,
        description: 'How many bytes this attachment sent before these.',
      }),
      data: t.arg({ type: 'Bytes', required: true, description: 'At most 32 KiB.' }),
    },
    resolve: (_, args, { viewer, terminals }) => terminals.input(viewer, args),
  }),
  ackTerminalOutput: t.boolean({
    can: 'terminal.open',
    audit: 'session',
    description: 'Says up to which offset this attachment has shown the output; cumulative. It is the credit for more.',
    args: {
      terminalId: t.arg.id({ required: true, description: address }),
      attachmentId: t.arg.id({ required: true, description: attachment }),
      offset: t.arg({ type: 'BigInt', required: true, description: 'Offset behind the last byte shown.' }),
    },
    resolve: (_, args, { viewer, terminals }) => terminals.ack(viewer, args),
  }),
  resizeTerminal: t.boolean({
    can: 'terminal.open',
    audit: 'session',
    description: 'Size of this attachment; it takes effect while the attachment governs.',
    args: {
      terminalId: t.arg.id({ required: true, description: address }),
      attachmentId: t.arg.id({ required: true, description: attachment }),
      cols: t.arg.int({ required: true, description: 'Columns, 2–1000.' }),
      rows: t.arg.int({ required: true, description: 'Rows, 1–500.' }),
    },
    resolve: (_, args, { viewer, terminals }) => terminals.resize(viewer, args),
  }),
}))

const offset = (what: string) => ({ type: 'BigInt' as const, description: what })

const OutputRef = builder.objectRef<OutputFrame>('TerminalOutput').implement({
  description: 'Bytes the program wrote.',
  fields: (t) => ({
    offset: t.expose('offset', offset('How many bytes it wrote before these.')),
    data: t.expose('data', { type: 'Bytes', description: 'The bytes; characters may be cut anywhere.' }),
    replay: t.exposeBoolean('replay', {
      description: 'Whether they were shown before, to somebody: answer no query in them.',
    }),
  }),
})
const ResizedRef = builder.objectRef<ResizedFrame>('TerminalResized').implement({
  description: 'The size changed at this place of the output.',
  fields: (t) => ({
    offset: t.expose('offset', offset('Place in the output.')),
    cols: t.exposeInt('cols', { description: 'Columns from here on.' }),
    rows: t.exposeInt('rows', { description: 'Rows from here on.' }),
    replay: t.exposeBoolean('replay', { description: 'Whether it is part of a replay.' }),
  }),
})
const LostRef = builder.objectRef<LostFrame>('TerminalLost').implement({
  description:
    'The ring of the agent no longer has these bytes: reset the screen, say how many are missing, go on at `to`.',
  fields: (t) => ({
    from: t.expose('from', offset('First missing byte.')),
    to: t.expose('to', offset('Where the output goes on: a line start outside an escape sequence.')),
  }),
})
const JoinedRef = builder.objectRef<JoinedFrame>('TerminalJoined').implement({
  description: 'The replay has caught up; from here on the output is live.',
  fields: (t) => ({
    offset: t.expose('offset', offset('Where the replay ended.')),
    cols: t.exposeInt('cols', { description: 'Present columns.' }),
    rows: t.exposeInt('rows', { description: 'Present rows.' }),
  }),
})
const InputAckRef = builder.objectRef<{ writer: string; offset: number }>('TerminalInputAck').implement({
  description: 'How much of a writer the program was given.',
  fields: (t) => ({
    writer: t.exposeID('writer', { description: 'The attachment that wrote.' }),
    offset: t.expose('offset', offset('Bytes given to the program.')),
  }),
})
const BeaconRef = builder.objectRef<BeaconFrame>('TerminalBeacon').implement({
  description:
    'How things stand: sent after input was taken, each second after activity, then every 10 s. A head beyond your offset means that something was lost: attach again.',
  fields: (t) => ({
    outputHead: t.expose('outputHead', offset('Bytes of output so far.')),
    inputAcks: t.expose('inputAcks', { type: [InputAckRef], description: 'One for each writer.' }),
    governor: t.exposeID('governor', { nullable: true, description: 'Attachment whose credit and size are in force.' }),
    cols: t.exposeInt('cols', { description: 'Present columns.' }),
    rows: t.exposeInt('rows', { description: 'Present rows.' }),
  }),
})
const ClosedRef = builder.objectRef<ClosedFrame>('TerminalClosed').implement({
  description: 'The terminal has ended; follows the last byte.',
  fields: (t) => ({
    finalOffset: t.expose('finalOffset', {
      type: 'BigInt',
      nullable: true,
      description: 'Bytes of output in all; null where nobody knows.',
    }),
    exitCode: t.exposeInt('exitCode', { nullable: true, description: 'Exit code, where it exited.' }),
    signal: t.exposeString('signal', { nullable: true, description: 'Signal that ended it.' }),
    reason: t.expose('reason', { type: ReasonEnum, description: 'Why.' }),
    by: t.exposeString('by', { nullable: true, description: 'Who ended it, where somebody did.' }),
  }),
})

const FRAME_TYPES = {
  output: 'TerminalOutput',
  resized: 'TerminalResized',
  lost: 'TerminalLost',
  joined: 'TerminalJoined',
  beacon: 'TerminalBeacon',
  closed: 'TerminalClosed',
} as const

const TerminalFrameRef = builder.unionType('TerminalFrame', {
  description:
    'What a terminal sends. Write a frame only where its offset is the one expected; cut overlaps; attach again over a hole.',
  types: [OutputRef, ResizedRef, LostRef, JoinedRef, BeaconRef, ClosedRef],
  resolveType: (frame) => FRAME_TYPES[frame.kind],
})

builder.subscriptionField('terminalOutput', (t) =>
  t.field({
    type: TerminalFrameRef,
    can: 'terminal.open',
    description:
      'Attaches to a terminal: replays from an offset, then follows it live, and ends behind TerminalClosed.',
    args: {
      terminalId: t.arg.id({ required: true, description: address }),
      attachmentId: t.arg.id({ required: true, description: attachment }),
      from: t.arg({
        type: 'BigInt',
        description: 'Offset of the first byte wanted; absent for all the agent still has.',
      }),
      cols: t.arg.int({ required: true, description: 'Columns of this attachment, 2–1000.' }),
      rows: t.arg.int({ required: true, description: 'Rows of this attachment, 1–500.' }),
    },
    subscribe: (_, args, { viewer, terminals }) => terminals.attach(viewer, args),
    resolve: (frame) => frame,
  }),
)

const HeldInput = builder.inputType('HeldTerminalInput', {
  description: 'A session the agent holds.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The terminal.' }),
    outputHead: t.field({ type: 'BigInt', required: true, description: 'Bytes of output so far.' }),
    pid: t.int({ description: 'Process id.' }),
  }),
})
const OutputInput = builder.inputType('TerminalOutputInput', {
  description: 'Bytes the program wrote.',
  fields: (t) => ({
    offset: t.field({ type: 'BigInt', required: true, description: 'How many bytes it wrote before these.' }),
    data: t.field({ type: 'Bytes', required: true, description: 'At most 32 KiB.' }),
    replay: t.boolean({ required: true, description: 'Whether it is part of a replay.' }),
  }),
})
const ResizedInput = builder.inputType('TerminalResizedInput', {
  description: 'The size changed at this place of the output.',
  fields: (t) => ({
    offset: t.field({ type: 'BigInt', required: true, description: 'Place in the output.' }),
    cols: t.int({ required: true, description: 'Columns.' }),
    rows: t.int({ required: true, description: 'Rows.' }),
    replay: t.boolean({ required: true, description: 'Whether it is part of a replay.' }),
  }),
})
const LostInput = builder.inputType('TerminalLostInput', {
  description: 'Bytes the ring no longer has.',
  fields: (t) => ({
    from: t.field({ type: 'BigInt', required: true, description: 'First missing byte.' }),
    to: t.field({ type: 'BigInt', required: true, description: 'Where the output goes on.' }),
  }),
})
const JoinedInput = builder.inputType('TerminalJoinedInput', {
  description: 'The replay of this attachment has caught up.',
  fields: (t) => ({
    offset: t.field({ type: 'BigInt', required: true, description: 'Where it ended.' }),
    cols: t.int({ required: true, description: 'Present columns.' }),
    rows: t.int({ required: true, description: 'Present rows.' }),
  }),
})
const InputAckInput = builder.inputType('TerminalInputAckInput', {
  description: 'How much of a writer the program was given.',
  fields: (t) => ({
    writer: t.id({ required: true, description: 'The attachment that wrote.' }),
    offset: t.field({ type: 'BigInt', required: true, description: 'Bytes given to the program.' }),
  }),
})
const BeaconInput = builder.inputType('TerminalBeaconInput', {
  description: 'How things stand.',
  fields: (t) => ({
    outputHead: t.field({ type: 'BigInt', required: true, description: 'Bytes of output so far.' }),
    inputAcks: t.field({ type: [InputAckInput], required: true, description: 'One for each writer.' }),
    governor: t.id({ description: 'Attachment whose credit and size are in force.' }),
    cols: t.int({ required: true, description: 'Present columns.' }),
    rows: t.int({ required: true, description: 'Present rows.' }),
  }),
})
const FrameInputRef = builder.inputType('TerminalFrameInput', {
  description: 'A frame; exactly one member is set.',
  fields: (t) => ({
    output: t.field({ type: OutputInput, description: 'Bytes.' }),
    resized: t.field({ type: ResizedInput, description: 'A new size.' }),
    lost: t.field({ type: LostInput, description: 'A loss.' }),
    joined: t.field({ type: JoinedInput, description: 'End of a replay.' }),
    beacon: t.field({ type: BeaconInput, description: 'A beacon.' }),
  }),
})
const ClosedInput = builder.inputType('TerminalClosedInput', {
  description: 'How a session ended.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The terminal.' }),
    finalOffset: t.field({ type: 'BigInt', required: true, description: 'Bytes of output in all.' }),
    exitCode: t.int({ description: 'Exit code.' }),
    signal: t.string({ description: 'Signal that ended it.' }),
    reason: t.field({ type: ReasonEnum, required: true, description: 'Why.' }),
  }),
})

builder.mutationFields((t) => ({
  reportTerminals: t.idList({
    can: 'agent.report',
    audit: 'agent',
    description:
      'The sessions the calling agent holds; first thing on each link. Terminals it does not hold any more are closed; answers those it shall end.',
    args: {
      sessions: t.arg({
        type: [HeldInput],
        required: true,
        description: 'All of them, ended ones whose end is not reported yet included.',
      }),
    },
    resolve: (_, { sessions }, { viewer, terminals }) => terminals.held(viewer as AgentViewer, sessions),
  }),
  reportTerminalOpened: t.boolean({
    can: 'agent.report',
    audit: 'agent',
    description: 'Answer to an order to open: the shell runs, or why it does not.',
    args: {
      id: t.arg.id({ required: true, description: 'The terminal.' }),
      pid: t.arg.int({ description: 'Process id, where it runs.' }),
      shell: t.arg.string({ description: 'Program, where it runs.' }),
      failure: t.arg.string({ description: 'Why it does not run.' }),
    },
    resolve: (_, args, { viewer, terminals }) => terminals.opened(viewer as AgentViewer, args),
  }),
  publishTerminalFrames: t.boolean({
    can: 'agent.report',
    audit: 'agent',
    description: 'Output of a terminal: to everybody who follows it, or the replay of one attachment.',
    args: {
      terminalId: t.arg.id({ required: true, description: 'The terminal.' }),
      attachmentId: t.arg.id({ description: 'Whose replay it is; absent for the live output.' }),
      frames: t.arg({ type: [FrameInputRef], required: true, description: 'In order.' }),
    },
    resolve: (_, args, { viewer, terminals }) => terminals.frames(viewer as AgentViewer, args),
  }),
  reportTerminalClosed: t.boolean({
    can: 'agent.report',
    audit: 'agent',
    description: 'A session has ended; sent again until it is answered.',
    args: { report: t.arg({ type: ClosedInput, required: true, description: 'How it ended.' }) },
    resolve: (_, { report }, { viewer, terminals }) => terminals.closed(viewer as AgentViewer, report),
  }),
}))
