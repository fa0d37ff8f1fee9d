// Commands: a program that runs once on an instance, whose output and end are kept.
import { builder } from './builder.ts'
import type { Viewer } from './context.ts'
import { AFTER, connectionOf, FIRST, type Page, type PageArgs } from './paging.ts'
import { type Variable, VariableInput } from './variables.ts'

export const COMMAND_STATES = [
  'QUEUED',
  'SENT',
  'RUNNING',
  'SUCCEEDED',
  'FAILED',
  'TIMED_OUT',
  'CANCELLED',
  'UNREACHABLE',
  'INTERRUPTED',
] as const
export type CommandState = (typeof COMMAND_STATES)[number]

export const COMMAND_STREAMS = ['STDOUT', 'STDERR'] as const
export type CommandStream = (typeof COMMAND_STREAMS)[number]

export interface Command {
  id: string
  instanceId: string
  instanceName: string
  actorId: string
  actorName: string
  command: string
  args: string[] | null
  cwd: string | null
  envNames: string[]
  stdinBytes: number
  timeoutMs: number
  state: CommandState
  exitCode: number | null
  signal: string | null
  message: string | null
  /** What the program wrote: kept so far while it runs, in all once it has ended. */
  stdoutBytes: number
  stderrBytes: number
  droppedBytes: number
  createdAt: Date
  sentAt: Date | null
  startedAt: Date | null
  finishedAt: Date | null
  durationMs: number | null
  cancelledBy: string | null
}

export interface RunCommandInput {
  instanceId: string
  command: string
  args?: string[] | null | undefined
  cwd?: string | null | undefined
  env?: Variable[] | null | undefined
  stdin?: string | null | undefined
  timeoutMs?: number | null | undefined
}

export interface CommandOutput {
  stream: CommandStream
  offset: number
  /** base64 */
  data: string
}

export interface OutputArgs {
  id: string
  stdout?: number | null | undefined
  stderr?: number | null | undefined
}

/** For people and programs; what agents say of commands is in commandReports.ts. */
export interface Commands {
  page(viewer: Viewer, args: PageArgs & { instanceId?: string | null | undefined }): Promise<Page<Command>>
  one(viewer: Viewer, id: string): Promise<Command>
  /** As they are sent, begin and end; of one instance, or null for all. */
  changes(viewer: Viewer, instanceId: string | null): Promise<AsyncIterable<Command>>
  output(viewer: Viewer, args: OutputArgs): Promise<AsyncIterable<CommandOutput>>
  run(viewer: Viewer, input: RunCommandInput): Promise<Command>
  cancel(viewer: Viewer, id: string): Promise<Command>
}

const StateEnum = builder.enumType('CommandState', {
  description: 'Moves forward only; the last six are final.',
  values: {
    QUEUED: { description: 'Waits for its agent to take it.' },
    SENT: { description: 'Its agent was told of it.' },
    RUNNING: { description: 'Its agent began it.' },
    SUCCEEDED: { description: 'It ended with exit code 0.' },
    FAILED: { description: 'It ended with another exit code, by a signal, or could not be started.' },
    TIMED_OUT: { description: 'It ran for longer than it might, and was ended.' },
    CANCELLED: { description: 'Somebody ended it, or took it back before it began.' },
    UNREACHABLE: { description: 'Its agent did not come for it within 24 h. It did not run.' },
    INTERRUPTED: {
      description: 'Its agent ended while it ran: it may have run, in part or whole. It is not run again.',
    },
  },
})
const StreamEnum = builder.enumType('CommandStream', {
  description: 'Which of its outputs.',
  values: COMMAND_STREAMS,
})

const CommandRef = builder.objectRef<Command>('Command').implement({
  description: 'A program that runs once on an instance, and never twice.',
  fields: (t) => ({
    id: t.exposeID('id', { description: '"cmd_…"' }),
    instanceId: t.exposeID('instanceId', { description: 'Where it runs.' }),
    instanceName: t.exposeString('instanceName', { description: 'Name of that instance.' }),
    actorId: t.exposeID('actorId', { description: 'User or key that asked for it.' }),
    actorName: t.exposeString('actorName', { description: 'The name of who asked for it.' }),
    command: t.exposeString('command', { description: 'The program, or a line for the shell where `args` is null.' }),
    args: t.exposeStringList('args', { nullable: true, description: 'Its arguments; null: the shell runs `command`.' }),
    cwd: t.exposeString('cwd', { nullable: true, description: 'Directory it runs in; null for the home directory.' }),
    envNames: t.exposeStringList('envNames', {
      description: 'Names of the variables it was given; their values are not kept.',
    }),
    stdinBytes: t.exposeInt('stdinBytes', { description: 'Bytes of input it was given; they are not kept.' }),
    timeoutMs: t.exposeInt('timeoutMs', { description: 'How long it may run, in milliseconds.' }),
    state: t.expose('state', { type: StateEnum, description: 'How far it is.' }),
    exitCode: t.exposeInt('exitCode', { nullable: true, description: 'Exit code, where it exited.' }),
    signal: t.exposeString('signal', { nullable: true, description: 'Signal that ended it, such as "SIGTERM".' }),
    message: t.exposeString('message', {
      nullable: true,
      description: 'Why it is in this state, where that needs words.',
    }),
    stdoutBytes: t.expose('stdoutBytes', {
      type: 'BigInt',
      description: 'Bytes of standard output: stored so far, and all that it wrote once it has ended.',
    }),
    stderrBytes: t.expose('stderrBytes', { type: 'BigInt', description: 'The same of standard error.' }),
    droppedBytes: t.expose('droppedBytes', {
      type: 'BigInt',
      description: 'Bytes of both that it wrote beyond the 4 MiB of each that are kept.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was asked for.' }),
    sentAt: t.expose('sentAt', { type: 'DateTime', nullable: true, description: 'When its agent was first told.' }),
    startedAt: t.expose('startedAt', { type: 'DateTime', nullable: true, description: 'When its agent began it.' }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true, description: 'When its end was stored.' }),
    durationMs: t.expose('durationMs', {
      type: 'BigInt',
      nullable: true,
      description: 'How long it ran by the clock of its machine, in milliseconds.',
    }),
    cancelledBy: t.exposeString('cancelledBy', { nullable: true, description: 'Who asked for its end.' }),
  }),
})

const OutputRef = builder.objectRef<CommandOutput>('CommandOutput').implement({
  description: 'Bytes that a command wrote.',
  fields: (t) => ({
    stream: t.expose('stream', { type: StreamEnum, description: 'To which of its outputs.' }),
    offset: t.expose('offset', { type: 'BigInt', description: 'How many bytes it wrote there before these.' }),
    data: t.expose('data', { type: 'Bytes', description: 'The bytes; characters may be cut anywhere.' }),
  }),
})

const CommandConnection = connectionOf('Command', CommandRef)

const id = { required: true, description: '"cmd_…"' } as const

builder.queryFields((t) => ({
  commands: t.field({
    type: CommandConnection,
    can: 'command.read',
    description: 'Commands, newest first; kept for 90 days.',
    args: {
      instanceId: t.arg.id({ description: 'Only on this instance.' }),
      first: t.arg.int({ description: FIRST }),
      after: t.arg.string({ description: AFTER }),
    },
    resolve: (_, args, { viewer, commands }) => commands.page(viewer, args),
  }),
  command: t.field({
    type: CommandRef,
    can: 'command.read',
    description: 'One command, or NOT_FOUND.',
    args: { id: t.arg.id(id) },
    resolve: (_, { id }, { viewer, commands }) => commands.one(viewer, id),
  }),
}))

builder.subscriptionFields((t) => ({
  commandChanged: t.field({
    type: CommandRef,
    can: 'command.read',
    description:
      'Commands as they are asked for, sent, begin and end. After an interruption all that changed meanwhile comes again.',
    args: { instanceId: t.arg.id({ description: 'Only on this instance.' }) },
    subscribe: (_, { instanceId }, { viewer, commands }) => commands.changes(viewer, instanceId ?? null),
    resolve: (command) => command,
  }),
  commandOutput: t.field({
    type: OutputRef,
    can: 'command.read',
    description:
      'What a command wrote and writes, each of its outputs in order and without a gap; completes when the command has ended and all that is kept was given.',
    args: {
      id: t.arg.id(id),
      stdout: t.arg({ type: 'BigInt', description: 'Bytes of standard output already known; default 0.' }),
      stderr: t.arg({ type: 'BigInt', description: 'Bytes of standard error already known; default 0.' }),
    },
    subscribe: (_, args, { viewer, commands }) => commands.output(viewer, args),
    resolve: (output) => output,
  }),
}))

const RunCommandInputRef = builder.inputType('RunCommandInput', {
  description: 'A command to be.',
  fields: (t) => ({
    instanceId: t.id({ required: true, description: 'Where.' }),
    command: t.string({
      required: true,
      description: 'The program, or a line for the shell where `args` is absent. 1–65536 characters.',
    }),
    args: t.stringList({ description: 'Its arguments, at most 256.' }),
    cwd: t.string({ description: 'Directory; absent for the home directory.' }),
    env: t.field({ type: [VariableInput], description: 'More environment variables, at most 64 and 32 KiB.' }),
    stdin: t.field({ type: 'Bytes', description: 'Its standard input, at most 256 KiB; absent: none.' }),
    timeoutMs: t.int({ description: 'How long it may run, 1000–3600000 milliseconds; default 30000.' }),
  }),
})

builder.mutationFields((t) => ({
  runCommand: t.field({
    type: CommandRef,
    can: 'command.run',
    audit: 'entry',
    description:
      'Asks for a command and answers at once. While its agent is away it waits, at most 24 h. UNSUPPORTED where the agent is too old, LIMIT_REACHED where 32 wait or run.',
    args: { input: t.arg({ type: RunCommandInputRef, required: true, description: 'The command to be.' }) },
    resolve: (_, { input }, { viewer, commands }) => commands.run(viewer, input),
  }),
  cancelCommand: t.field({
    type: CommandRef,
    can: 'command.run',
    audit: 'entry',
    description:
      'Takes a command back before it begins, or ends it: its process group gets SIGTERM, and SIGKILL 3 s later. One that has ended stays as it is.',
    args: { id: t.arg.id(id) },
    resolve: (_, { id }, { viewer, commands }) => commands.cancel(viewer, id),
  }),
}))
