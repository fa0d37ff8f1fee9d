// Terminals: who keeps them. A shell on an instance, whose bytes have offsets both ways so that it resumes to the byte.
import { builder } from './builder.ts'
import type { AgentViewer, Viewer } from './context.ts'
import { AFTER, connectionOf, FIRST, type Page, type PageArgs } from './paging.ts'
import type { AttachArgs } from './terminalAttachments.ts'
import type { TerminalFrame } from './terminalFrames.ts'
import type { ClosedReport, FrameInput, HeldTerminal } from './terminalReports.ts'
import { type Terminal, TerminalRef } from './terminalSessions.ts'
import { type Variable, VariableInput } from './variables.ts'

export interface OpenTerminalInput {
  instanceId: string
  cols: number
  rows: number
  shell?: string | null | undefined
  cwd?: string | null | undefined
  env?: Variable[] | null | undefined
}

export interface Terminals {
  page(
    viewer: Viewer,
    args: PageArgs & { instanceId?: string | null | undefined; open?: boolean | null | undefined },
  ): Promise<Page<Terminal>>
  /** As they open, get ready and close; of one instance, or null for all. */
  changes(viewer: Viewer, instanceId: string | null): Promise<AsyncIterable<Terminal>>
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

builder.subscriptionField('terminalChanged', (t) =>
  t.field({
    type: TerminalRef,
    can: 'terminal.read',
    description:
      "The caller's own terminals as they open, get ready and close; administrators see everybody's. After an interruption all that changed meanwhile comes again.",
    args: { instanceId: t.arg.id({ description: 'Only on this instance.' }) },
    subscribe: (_, { instanceId }, { viewer, terminals }) => terminals.changes(viewer, instanceId ?? null),
    resolve: (terminal) => terminal,
  }),
)

const OpenTerminalInputRef = builder.inputType('OpenTerminalInput', {
  description: 'A terminal to be.',
  fields: (t) => ({
    instanceId: t.id({ required: true, description: 'Where.' }),
    cols: t.int({ required: true, description: 'Columns, 2–1000.' }),
    rows: t.int({ required: true, description: 'Rows, 1–500.' }),
    shell: t.string({ description: "Program; absent for the agent's SINDRI_AGENT_SHELL or its user's shell." }),
    cwd: t.string({ description: 'Directory; absent for the home directory.' }),
    env: t.field({
      type: [VariableInput],
      description: 'More environment variables, at most 64; with everything else in here they make 60 KiB at most.',
    }),
  }),
})

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
    args: { id: t.arg.id({ required: true, description: 'The terminal.' }) },
    resolve: (_, { id }, { viewer, terminals }) => terminals.end(viewer, id),
  }),
}))
