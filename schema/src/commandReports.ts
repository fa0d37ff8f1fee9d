// What agents say of commands: that they begin one, what it writes, how it ended, and which they still hold.
import { builder } from './builder.ts'
import type { CommandStream } from './commands.ts'
import type { AgentViewer } from './context.ts'
import { type PublishAnswer, PublishAnswerRef, type RecordIdentity, type Unchecked } from './records.ts'

/** How a command may end by the word of its agent. */
export const COMMAND_OUTCOMES = ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'CANCELLED'] as const
export type CommandOutcome = (typeof COMMAND_OUTCOMES)[number]

/** Exactly one of `output` and `finished` is there. */
export interface CommandRecord {
  commandId: string
  output: { stream: CommandStream; offset: number; data: string } | null
  finished: CommandEnd | null
}

export interface CommandEnd {
  outcome: CommandOutcome
  exitCode: number | null
  signal: string | null
  message: string | null
  stdoutBytes: number
  stderrBytes: number
  droppedBytes: number
  durationMs: number
}

export type CommandRecordInput = Unchecked<CommandRecord> & RecordIdentity

export interface CommandReports {
  /** True: it may begin now, and nobody else may ever. The same run may ask again. */
  claim(agent: AgentViewer, id: string): Promise<boolean>
  publish(agent: AgentViewer, records: readonly (CommandRecordInput | null)[]): Promise<PublishAnswer>
  /** Which it holds at the begin of a link, once all records of former runs are stored. */
  held(agent: AgentViewer, ids: string[]): Promise<boolean>
}

const OutputInput = builder.inputType('CommandOutputInput', {
  description: 'Bytes that a command wrote.',
  fields: (t) => ({
    stream: t.field({ type: 'JSON', required: true, description: 'A CommandStream; checked per record.' }),
    offset: t.field({ type: 'Figure', required: true, description: 'How many bytes it wrote there before these.' }),
    data: t.string({ required: true, description: 'At most 32 KiB as base64 with padding; checked per record.' }),
  }),
})
const EndInput = builder.inputType('CommandEndInput', {
  description: 'How a command ended.',
  fields: (t) => ({
    outcome: t.field({
      type: 'JSON',
      required: true,
      description: 'SUCCEEDED, FAILED, TIMED_OUT or CANCELLED; checked per record.',
    }),
    exitCode: t.int({ description: 'Exit code, where it exited.' }),
    signal: t.string({ description: 'Signal that ended it.' }),
    message: t.string({ description: 'Why it could not be started.' }),
    stdoutBytes: t.field({ type: 'Figure', required: true, description: 'Bytes of standard output in all.' }),
    stderrBytes: t.field({ type: 'Figure', required: true, description: 'Bytes of standard error in all.' }),
    droppedBytes: t.field({ type: 'Figure', required: true, description: 'Of these, bytes that are not sent.' }),
    durationMs: t.field({ type: 'Figure', required: true, description: 'How long it ran, in milliseconds.' }),
  }),
})
const RecordInput = builder.inputType('CommandRecordInput', {
  description: 'Output or the end of a command: exactly one of the two.',
  fields: (t) => ({
    run: t.string({ required: true, description: 'ULID of the run of the agent that made the record.' }),
    seq: t.field({ type: 'Figure', required: true, description: 'Counts from 1 within the run.' }),
    commandId: t.id({ required: true, description: 'Of which command.' }),
    output: t.field({ type: OutputInput, description: 'What it wrote.' }),
    finished: t.field({ type: EndInput, description: 'That it ended.' }),
  }),
})

builder.mutationFields((t) => ({
  claimCommand: t.boolean({
    can: 'agent.report',
    audit: 'agent',
    description:
      'Asks whether to begin a command. True is given to one run of one agent alone, and to that again: a command that was claimed is never begun by anybody else.',
    args: { id: t.arg.id({ required: true, description: '"cmd_…"' }) },
    resolve: (_, { id }, { viewer, commandReports }) => commandReports.claim(viewer as AgentViewer, id),
  }),
  publishCommandRecords: t.field({
    type: PublishAnswerRef,
    can: 'agent.report',
    audit: 'agent',
    description: 'Stores what commands wrote and how they ended; answers after commit, one outcome a record.',
    args: {
      records: t.arg({ type: [RecordInput], required: { list: true, items: false }, description: 'At most 500.' }),
    },
    resolve: (_, { records }, { viewer, commandReports }) =>
      commandReports.publish(viewer as AgentViewer, records as (CommandRecordInput | null)[]),
  }),
  reportCommands: t.boolean({
    can: 'agent.report',
    audit: 'agent',
    description:
      'Which commands this run of the agent holds, said at the begin of a link once all records of former runs are stored: others that were claimed by a former run become INTERRUPTED.',
    args: { ids: t.arg.idList({ required: true, description: 'Claimed by this run and not yet reported as ended.' }) },
    resolve: (_, { ids }, { viewer, commandReports }) => commandReports.held(viewer as AgentViewer, ids.map(String)),
  }),
}))
