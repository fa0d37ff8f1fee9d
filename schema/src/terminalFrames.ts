// What a terminal sends to those who are attached: its bytes at their offsets, and what happened between them.
import { builder } from './builder.ts'
import { type CloseReason, ReasonEnum } from './terminalSessions.ts'

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

export const TerminalFrameRef = builder.unionType('TerminalFrame', {
  description:
    'What a terminal sends. Write a frame only where its offset is the one expected; cut overlaps; attach again over a hole.',
  types: [OutputRef, ResizedRef, LostRef, JoinedRef, BeaconRef, ClosedRef],
  resolveType: (frame) => FRAME_TYPES[frame.kind],
})
