// What agents report of their terminals: those they hold, how they began and ended, and their output.
import { builder } from './builder.ts'
import type { AgentViewer } from './context.ts'
import { type CloseReason, ReasonEnum } from './terminalSessions.ts'

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
    data: t.field({ type: 'Bytes', required: true, description: 'At most 45 KiB.' }),
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
