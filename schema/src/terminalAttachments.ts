// A page's hold on a terminal: it follows the output, says how much of it was shown, and types.
import { builder } from './builder.ts'
import { TerminalFrameRef } from './terminalFrames.ts'

export interface AttachArgs {
  terminalId: string
  attachmentId: string
  from?: number | null | undefined
  cols: number
  rows: number
}

const address = 'The terminal.'
const attachment = 'The attachment, "att_" and 26 characters, made by the page; also its identity as a writer.'

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

builder.mutationFields((t) => ({
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
