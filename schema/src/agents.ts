// Agents: how a machine enrols, stays linked, says that it lives, and gets its orders.
import { builder } from './builder.ts'
import type { AgentViewer, Viewer } from './context.ts'
import { type Facts, TagInput } from './instances.ts'
import { type Variable, VariableRef } from './variables.ts'

export interface Registration extends Partial<Omit<Facts, 'tags'>> {
  instanceId: string
  /** Ed25519 public key, 32 bytes, base64url. */
  publicKey: string
  /** base64url signature over `enrolStatement`. */
  proof: string
  tags?: Facts['tags'] | null | undefined
}

export interface Enrolled {
  id: string
  instanceId: string
  agentToken: string
  tokenExpiresAt: Date
  heartbeatSeconds: number
  metricsSeconds: number
  consoleVersion: string
  linkUrl: string
}

export interface RenewedToken {
  token: string
  expiresAt: Date
  renewNonce: string
}

export interface Heartbeat {
  uptimeSeconds: number
  intervalMs: number
  facts?: Partial<Facts> | null | undefined
  notices?: string[] | null | undefined
}

interface TerminalOrder {
  terminalId: string
}
export type Order =
  | (TerminalOrder & {
      kind: 'terminalOpen'
      cols: number
      rows: number
      shell: string | null
      cwd: string | null
      env: Variable[]
      deadline: string
    })
  | (TerminalOrder & { kind: 'terminalAttach'; attachmentId: string; from: number | null; cols: number; rows: number })
  | (TerminalOrder & { kind: 'terminalInput'; writer: string; offset: number; data: string })
  | (TerminalOrder & { kind: 'terminalAck'; attachmentId: string; offset: number })
  | (TerminalOrder & { kind: 'terminalResize'; attachmentId: string; cols: number; rows: number })
  | (TerminalOrder & { kind: 'terminalDetach'; attachmentId: string })
  | (TerminalOrder & { kind: 'terminalEnd'; reason: string })
  | {
      kind: 'commandRun'
      commandId: string
      command: string
      args: string[] | null
      cwd: string | null
      env: Variable[]
      /** base64 */
      stdin: string | null
      timeoutMs: number
    }
  | { kind: 'commandCancel'; commandId: string }
  | { kind: 'sampleFaster'; everyMs: number; until: string }

export type OrderOf<Kind extends Order['kind']> = Extract<Order, { kind: Kind }>

export interface Agents {
  register(viewer: Viewer, input: Registration): Promise<Enrolled>
  renewToken(agent: AgentViewer, signature: string): Promise<RenewedToken>
  heartbeat(agent: AgentViewer, heartbeat: Heartbeat): Promise<Date>
  orders(agent: AgentViewer): Promise<AsyncIterable<Order>>
}

const EnrolledRef = builder.objectRef<Enrolled>('Enrolled').implement({
  description: 'What an agent needs from here on.',
  fields: (t) => ({
    id: t.exposeID('id', { description: '"ins_…": the instance, for the link.' }),
    instanceId: t.exposeString('instanceId', { description: 'The name it enrolled as.' }),
    agentToken: t.exposeString('agentToken', {
      description: 'JWT (EdDSA, 24 h) bound to its key; useless without it.',
    }),
    tokenExpiresAt: t.expose('tokenExpiresAt', { type: 'DateTime', description: 'When it expires.' }),
    heartbeatSeconds: t.exposeInt('heartbeatSeconds', { description: 'Heartbeat interval to use.' }),
    metricsSeconds: t.exposeInt('metricsSeconds', { description: 'Sampling interval to use.' }),
    consoleVersion: t.exposeString('consoleVersion', { description: 'Version of the console.' }),
    linkUrl: t.exposeString('linkUrl', { description: 'WebSocket address for graphql-transport-ws.' }),
  }),
})

const ExtensionInput = builder.inputType('ExtensionInput', {
  description: 'An extension, by the status ledger.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'Name.' }),
    version: t.string({ description: 'Installed version.' }),
    state: t.string({ required: true, description: 'Last state in the ledger.' }),
  }),
})
const BomToolInput = builder.inputType('BomToolInput', {
  description: 'A tool of an installed extension.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'Name.' }),
    version: t.string({ description: 'Version.' }),
    extension: t.string({ description: 'Extension it came with.' }),
  }),
})
const GeoInput = builder.inputType('GeoInput', {
  description: 'SINDRI_GEO.',
  fields: (t) => ({
    latitude: t.float({ required: true, description: 'Degrees north, -90 to 90.' }),
    longitude: t.float({ required: true, description: 'Degrees east, -180 to 180.' }),
    label: t.string({ description: 'Name of the place.' }),
  }),
})

type InputFields = PothosSchemaTypes.InputFieldBuilder<typeof builder.$inferSchemaTypes, 'InputObject'>
const factFields = (t: InputFields) => ({
  provider: t.string({ description: 'SINDRI_PROVIDER.' }),
  region: t.string({ description: 'SINDRI_REGION.' }),
  tags: t.field({ type: [TagInput], description: 'SINDRI_AGENT_TAGS.' }),
  hostname: t.string({ description: 'Hostname by the operating system.' }),
  os: t.string({ description: 'Operating system.' }),
  arch: t.string({ description: 'Processor architecture.' }),
  distro: t.string({ description: 'ID of /etc/os-release.' }),
  agentVersion: t.string({ description: 'Version of the agent.' }),
  extensions: t.field({ type: [ExtensionInput], description: 'By the status ledger; absent where there is none.' }),
  yamlHash: t.string({ description: 'SHA-256 of sindri.yaml, hexadecimal.' }),
  bom: t.field({ type: [BomToolInput], description: 'Tools of the installed extensions.' }),
  sshEndpoint: t.string({ description: 'SINDRI_SSH_ENDPOINT.' }),
  geo: t.field({ type: GeoInput, description: 'SINDRI_GEO.' }),
})

const FactsInput = builder.inputType('FactsInput', {
  description: 'What the machine says of itself. Absent members stay as they are, null clears.',
  fields: (t) => factFields(t),
})
const RegisterInstanceInput = builder.inputType('RegisterInstanceInput', {
  description: 'A machine that enrols.',
  fields: (t) => ({
    instanceId: t.string({
      required: true,
      description: 'SINDRI_INSTANCE_ID, else the hostname: 1–128 of letters, digits and . _ -',
    }),
    publicKey: t.string({ required: true, description: 'Ed25519 public key, 32 bytes as base64url.' }),
    proof: t.string({
      required: true,
      description: 'Signature with that key over "sindri-enrol-v1\\n<instanceId>\\n<publicKey>", base64url.',
    }),
    ...factFields(t),
  }),
})
const HeartbeatInput = builder.inputType('HeartbeatInput', {
  description: 'A sign of life.',
  fields: (t) => ({
    uptimeSeconds: t.float({ required: true, description: 'Uptime of the agent process.' }),
    intervalMs: t.int({ required: true, description: 'When to expect the next one.' }),
    facts: t.field({ type: FactsInput, description: 'What has changed since the last one.' }),
    notices: t.stringList({ description: 'Conditions to show, all that hold now; absent when unchanged.' }),
  }),
})

const RenewedTokenRef = builder.objectRef<RenewedToken>('RenewedToken').implement({
  description: 'The token that keeps the link open.',
  fields: (t) => ({
    token: t.exposeString('token', { description: 'The new token.' }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'When it expires, and the link with it.' }),
    renewNonce: t.exposeString('renewNonce', { description: 'To be signed for the next renewal.' }),
  }),
})

builder.mutationFields((t) => ({
  registerInstance: t.field({
    type: EnrolledRef,
    can: 'agent.enrol',
    audit: 'entry',
    description:
      'Enrols a machine; authorised by the bootstrap secret ("Authorization: Bearer …"). The same key enrols again at any time; another key for a taken name answers INSTANCE_EXISTS and asks the operators. Also POST /api/v1/instances/register.',
    args: { input: t.arg({ type: RegisterInstanceInput, required: true, description: 'The machine.' }) },
    resolve: (_, { input }, { viewer, agents }) => agents.register(viewer, input as Registration),
  }),
  renewAgentToken: t.field({
    type: RenewedTokenRef,
    can: 'agent.report',
    audit: 'agent',
    description: 'Renews the token of this link against a signature over linkStatement with the last renewNonce.',
    args: { signature: t.arg.string({ required: true, description: 'base64url.' }) },
    resolve: (_, { signature }, { viewer, agents }) => agents.renewToken(viewer as AgentViewer, signature),
  }),
  heartbeat: t.field({
    type: 'DateTime',
    can: 'agent.report',
    audit: 'agent',
    description: 'Says that the agent lives, and what changed. Answers the time of the console.',
    args: { input: t.arg({ type: HeartbeatInput, required: true, description: 'The sign of life.' }) },
    resolve: (_, { input }, { viewer, agents }) => agents.heartbeat(viewer as AgentViewer, input as Heartbeat),
  }),
}))

const terminalId = { description: 'The terminal.' }
const attachmentId = { description: 'The attachment.' }
const commandId = { description: 'The command.' }

const OpenOrder = builder.objectRef<OrderOf<'terminalOpen'>>('TerminalOpenOrder').implement({
  description: 'Start a shell; answer with reportTerminalOpened. The same id again changes nothing.',
  fields: (t) => ({
    terminalId: t.exposeID('terminalId', terminalId),
    cols: t.exposeInt('cols', { description: 'Columns.' }),
    rows: t.exposeInt('rows', { description: 'Rows.' }),
    shell: t.exposeString('shell', { nullable: true, description: "Program; null for the agent's default." }),
    cwd: t.exposeString('cwd', { nullable: true, description: 'Directory; null for the home directory.' }),
    env: t.expose('env', { type: [VariableRef], description: 'More environment variables.' }),
    deadline: t.exposeString('deadline', {
      description: 'Ignore the order after this moment of console time (RFC 3339).',
    }),
  }),
})
const AttachOrder = builder.objectRef<OrderOf<'terminalAttach'>>('TerminalAttachOrder').implement({
  description:
    'Somebody looks: replay to this attachment from an offset, then let it follow live. Again: begin its replay anew.',
  fields: (t) => ({
    terminalId: t.exposeID('terminalId', terminalId),
    attachmentId: t.exposeID('attachmentId', attachmentId),
    from: t.expose('from', {
      type: 'BigInt',
      nullable: true,
      description: 'First byte wanted; null for all there is.',
    }),
    cols: t.exposeInt('cols', { description: 'Its columns.' }),
    rows: t.exposeInt('rows', { description: 'Its rows.' }),
  }),
})
const InputOrder = builder.objectRef<OrderOf<'terminalInput'>>('TerminalInputOrder').implement({
  description: 'Bytes for the program, to be put in order by their offset, each writer for itself.',
  fields: (t) => ({
    terminalId: t.exposeID('terminalId', terminalId),
    writer: t.exposeID('writer', attachmentId),
    offset: t.expose('offset', { type: 'BigInt', description: 'Bytes this writer sent before.' }),
    data: t.expose('data', { type: 'Bytes', description: 'The bytes.' }),
  }),
})
const AckOrder = builder.objectRef<OrderOf<'terminalAck'>>('TerminalAckOrder').implement({
  description: 'This attachment has shown the output up to here; cumulative.',
  fields: (t) => ({
    terminalId: t.exposeID('terminalId', terminalId),
    attachmentId: t.exposeID('attachmentId', attachmentId),
    offset: t.expose('offset', { type: 'BigInt', description: 'Offset behind the last byte shown.' }),
  }),
})
const ResizeOrder = builder.objectRef<OrderOf<'terminalResize'>>('TerminalResizeOrder').implement({
  description: 'This attachment has a new size.',
  fields: (t) => ({
    terminalId: t.exposeID('terminalId', terminalId),
    attachmentId: t.exposeID('attachmentId', attachmentId),
    cols: t.exposeInt('cols', { description: 'Columns.' }),
    rows: t.exposeInt('rows', { description: 'Rows.' }),
  }),
})
const DetachOrder = builder.objectRef<OrderOf<'terminalDetach'>>('TerminalDetachOrder').implement({
  description: 'This attachment looks no more.',
  fields: (t) => ({
    terminalId: t.exposeID('terminalId', terminalId),
    attachmentId: t.exposeID('attachmentId', attachmentId),
  }),
})
const EndOrder = builder.objectRef<OrderOf<'terminalEnd'>>('TerminalEndOrder').implement({
  description: 'End the session: SIGHUP to its process group, SIGKILL 3 s later.',
  fields: (t) => ({
    terminalId: t.exposeID('terminalId', terminalId),
    reason: t.exposeString('reason', { description: 'TerminalCloseReason to report.' }),
  }),
})
const FasterOrder = builder.objectRef<OrderOf<'sampleFaster'>>('SampleFasterOrder').implement({
  description: 'Somebody looks: take extra samples, for publishLiveSample, until then.',
  fields: (t) => ({
    everyMs: t.exposeInt('everyMs', { description: 'How often.' }),
    until: t.exposeString('until', { description: 'Moment of console time (RFC 3339).' }),
  }),
})

const RunOrder = builder.objectRef<OrderOf<'commandRun'>>('CommandRunOrder').implement({
  description:
    'Since 1.1. Run a command: ask claimCommand first, and begin it on true alone. It comes again until it is claimed or taken back.',
  fields: (t) => ({
    commandId: t.exposeID('commandId', commandId),
    command: t.exposeString('command', { description: 'The program, or a line for the shell where `args` is null.' }),
    args: t.exposeStringList('args', { nullable: true, description: 'Its arguments.' }),
    cwd: t.exposeString('cwd', { nullable: true, description: 'Directory; null for the home directory.' }),
    env: t.expose('env', { type: [VariableRef], description: 'More environment variables.' }),
    stdin: t.expose('stdin', { type: 'Bytes', nullable: true, description: 'Its standard input; null for none.' }),
    timeoutMs: t.exposeInt('timeoutMs', { description: 'How long it may run, in milliseconds.' }),
  }),
})
const CancelOrder = builder.objectRef<OrderOf<'commandCancel'>>('CommandCancelOrder').implement({
  description:
    'Since 1.1. End a command: SIGTERM to its process group, SIGKILL 3 s later. It comes again until the end is reported.',
  fields: (t) => ({ commandId: t.exposeID('commandId', commandId) }),
})

const ORDER_TYPES = {
  terminalOpen: 'TerminalOpenOrder',
  terminalAttach: 'TerminalAttachOrder',
  terminalInput: 'TerminalInputOrder',
  terminalAck: 'TerminalAckOrder',
  terminalResize: 'TerminalResizeOrder',
  terminalDetach: 'TerminalDetachOrder',
  terminalEnd: 'TerminalEndOrder',
  sampleFaster: 'SampleFasterOrder',
  commandRun: 'CommandRunOrder',
  commandCancel: 'CommandCancelOrder',
} as const

const OrderRef = builder.unionType('Order', {
  description:
    'What an agent is told. Those about commands are durable: they come again until they are done. All others are passing: never stored, each with an offset or deadline of its own.',
  types: [
    OpenOrder,
    AttachOrder,
    InputOrder,
    AckOrder,
    ResizeOrder,
    DetachOrder,
    EndOrder,
    FasterOrder,
    RunOrder,
    CancelOrder,
  ],
  resolveType: (order) => ORDER_TYPES[order.kind],
})

builder.subscriptionField('orders', (t) =>
  t.field({
    type: OrderRef,
    can: 'agent.obey',
    description: 'The inbox of the calling agent; ends when a newer link takes over.',
    subscribe: (_, __, { viewer, agents }) => agents.orders(viewer as AgentViewer),
    resolve: (order) => order,
  }),
)
