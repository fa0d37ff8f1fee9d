// Instances: the machines of the fleet, what they report of themselves and how they are.
import { builder } from './builder.ts'
import { LIFECYCLES, type Lifecycle, LIVENESSES, type Liveness, STATUSES, type Status } from './contract/status.ts'
import type { Viewer } from './context.ts'
import type { InstanceFacets } from './instanceFacets.ts'
import type { InstanceSelection, RemovedInstance, SelectionFacts, TagChange, TagEdit } from './instanceSelections.ts'
import { MetricSampleRef } from './metricSamples.ts'
import { AFTER, connectionOf, FIRST, type Page, type PageArgs } from './paging.ts'

export interface Tag {
  key: string
  value: string
}

export interface Extension {
  name: string
  version: string | null
  state: string
}

export interface BomTool {
  name: string
  version: string | null
  extension: string | null
}

export interface Geo {
  latitude: number
  longitude: number
  label: string | null
}

/** What an agent reports of its machine; null where its source does not exist there. */
export interface Facts {
  provider: string | null
  region: string | null
  tags: Tag[]
  hostname: string | null
  os: string | null
  arch: string | null
  distro: string | null
  agentVersion: string | null
  extensions: Extension[] | null
  yamlHash: string | null
  bom: BomTool[] | null
  sshEndpoint: string | null
  geo: Geo | null
}

export interface Instance extends Facts {
  id: string
  name: string
  status: Status
  lifecycle: Lifecycle
  liveness: Liveness
  /** Since when liveness is what it is. */
  livenessAt: Date
  lastSeenAt: Date | null
  heartbeatMs: number
  metricsMs: number
  linkedAt: Date | null
  linkedFrom: string | null
  agentStartedAt: Date | null
  /** Of its last link. */
  protocolVersion: string | null
  notices: string[]
  createdAt: Date
}

export const INSTANCE_SORTS = ['NAME', 'STATUS', 'CREATED_AT', 'LAST_SEEN_AT', 'CPU', 'MEMORY', 'DISK'] as const
export type InstanceSortField = (typeof INSTANCE_SORTS)[number]

export interface InstanceFilter {
  status?: Status[] | null | undefined
  provider?: string[] | null | undefined
  region?: string[] | null | undefined
  /** All given tags must be there; an empty value stands for any. */
  tags?: Tag[] | null | undefined
}

export interface InstancesArgs extends PageArgs {
  filter?: InstanceFilter | null | undefined
  search?: string | null | undefined
  sort?: { field: InstanceSortField; descending?: boolean | null | undefined } | null | undefined
}

export interface InstanceChange {
  id: string
  /** null: it was removed. */
  instance: Instance | null
}

export interface Takeover {
  id: string
  instanceId: string
  instanceName: string
  hostname: string | null
  address: string
  keyFingerprint: string
  createdAt: Date
  lastSeenAt: Date
}

export interface Instances {
  page(viewer: Viewer, args: InstancesArgs): Promise<Page<Instance>>
  /** How many a list holds. */
  count(viewer: Viewer, list: Pick<InstancesArgs, 'filter' | 'search'>): Promise<number>
  facets(viewer: Viewer): Promise<InstanceFacets>
  one(viewer: Viewer, id: string): Promise<Instance>
  changes(viewer: Viewer, ids: string[] | null): Promise<AsyncIterable<InstanceChange>>
  setTags(viewer: Viewer, id: string, tags: Tag[]): Promise<Instance>
  remove(viewer: Viewer, id: string): Promise<boolean>
  selected(viewer: Viewer, selection: InstanceSelection): Promise<SelectionFacts>
  editTags(viewer: Viewer, selection: InstanceSelection, edit: TagEdit): Promise<TagChange[]>
  removeMany(viewer: Viewer, selection: InstanceSelection): Promise<RemovedInstance[]>
  takeovers(viewer: Viewer, instanceId: string | null): Promise<Takeover[]>
  answerTakeover(viewer: Viewer, id: string, allow: boolean): Promise<boolean>
}

export const StatusEnum = builder.enumType('InstanceStatus', {
  description: 'How an instance is: a pure function of lifecycle and liveness.',
  values: STATUSES,
})
const LifecycleEnum = builder.enumType('InstanceLifecycle', {
  description: 'What was done with it.',
  values: LIFECYCLES,
})
const LivenessEnum = builder.enumType('InstanceLiveness', {
  description:
    'Whether its agent speaks: STALE after two silent heartbeat intervals, OFFLINE after three, never under 30 s.',
  values: LIVENESSES,
})

export const TagRef = builder.objectRef<Tag>('Tag').implement({
  description: 'A label of an instance.',
  fields: (t) => ({
    key: t.exposeString('key', { description: 'Its name.' }),
    value: t.exposeString('value', { description: 'Its value; may be empty.' }),
  }),
})
const ExtensionRef = builder.objectRef<Extension>('Extension').implement({
  description: 'An extension, by the status ledger of the instance.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Name of the extension.' }),
    version: t.exposeString('version', { nullable: true, description: 'Installed version, where known.' }),
    state: t.exposeString('state', { description: 'Last state in the ledger.' }),
  }),
})
const BomToolRef = builder.objectRef<BomTool>('BomTool').implement({
  description: 'A tool that an installed extension brought along, by its extension.yaml.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Name of the tool.' }),
    version: t.exposeString('version', { nullable: true, description: 'Version, where stated.' }),
    extension: t.exposeString('extension', { nullable: true, description: 'Extension it came with.' }),
  }),
})
const GeoRef = builder.objectRef<Geo>('Geo').implement({
  description: 'Where it stands, by SINDRI_GEO; never looked up.',
  fields: (t) => ({
    latitude: t.exposeFloat('latitude', { description: 'Degrees north.' }),
    longitude: t.exposeFloat('longitude', { description: 'Degrees east.' }),
    label: t.exposeString('label', { nullable: true, description: 'Name of the place.' }),
  }),
})

export const InstanceRef = builder.objectRef<Instance>('Instance').implement({
  description: 'A machine of the fleet. What its agent cannot know is null: "not reported".',
  fields: (t) => ({
    id: t.exposeID('id', { description: '"ins_…"' }),
    name: t.exposeString('name', { description: 'SINDRI_INSTANCE_ID of the agent, else its hostname; unique.' }),
    status: t.expose('status', { type: StatusEnum, description: 'How it is.' }),
    lifecycle: t.expose('lifecycle', { type: LifecycleEnum, description: 'What was done with it.' }),
    liveness: t.expose('liveness', { type: LivenessEnum, description: 'Whether its agent speaks.' }),
    livenessAt: t.expose('livenessAt', { type: 'DateTime', description: 'Since when liveness is what it is.' }),
    lastSeenAt: t.expose('lastSeenAt', {
      type: 'DateTime',
      nullable: true,
      description: 'Last frame of its agent, to 5 s.',
    }),
    heartbeatMs: t.exposeInt('heartbeatMs', { description: 'Heartbeat interval in force, in milliseconds.' }),
    metricsMs: t.exposeInt('metricsMs', { description: 'Sampling interval in force, in milliseconds.' }),
    provider: t.exposeString('provider', { nullable: true, description: 'SINDRI_PROVIDER.' }),
    region: t.exposeString('region', { nullable: true, description: 'SINDRI_REGION.' }),
    tags: t.expose('tags', { type: [TagRef], description: 'Labels, by key.' }),
    hostname: t.exposeString('hostname', { nullable: true, description: 'Hostname by its operating system.' }),
    os: t.exposeString('os', { nullable: true, description: 'Operating system, such as "linux".' }),
    arch: t.exposeString('arch', { nullable: true, description: 'Processor architecture, such as "x64".' }),
    distro: t.exposeString('distro', { nullable: true, description: 'ID of /etc/os-release.' }),
    agentVersion: t.exposeString('agentVersion', { nullable: true, description: 'Version of the agent.' }),
    extensions: t.expose('extensions', {
      type: [ExtensionRef],
      nullable: true,
      description: 'By ~/.sindri/status_ledger.jsonl.',
    }),
    yamlHash: t.exposeString('yamlHash', { nullable: true, description: 'SHA-256 of its sindri.yaml, hexadecimal.' }),
    bom: t.expose('bom', { type: [BomToolRef], nullable: true, description: 'Tools of the installed extensions.' }),
    sshEndpoint: t.exposeString('sshEndpoint', { nullable: true, description: 'SINDRI_SSH_ENDPOINT.' }),
    geo: t.expose('geo', { type: GeoRef, nullable: true, description: 'SINDRI_GEO.' }),
    linkedAt: t.expose('linkedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the present or last link began.',
    }),
    linkedFrom: t.exposeString('linkedFrom', { nullable: true, description: 'Address the link came from.' }),
    agentStartedAt: t.expose('agentStartedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the agent process began.',
    }),
    protocolVersion: t.exposeString('protocolVersion', {
      nullable: true,
      description: 'Version of the protocol its agent spoke on the present or last link, such as "1.0".',
    }),
    notices: t.exposeStringList('notices', {
      description: 'Conditions the agent wants known, such as a spool only in memory.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it enrolled.' }),
    latest: t.field({
      type: MetricSampleRef,
      nullable: true,
      description: 'Its newest stored sample, with details; null before the first.',
      resolve: (instance, _, { viewer, metrics }) => metrics.latest(viewer, instance.id),
    }),
  }),
})

const InstanceConnection = connectionOf('Instance', InstanceRef)

const TagInput = builder.inputType('TagInput', {
  description: 'A label.',
  fields: (t) => ({
    key: t.string({ required: true, description: 'Its name: letters, digits and . _ - /, at most 63.' }),
    value: t.string({ required: true, description: 'Its value, at most 128 characters.' }),
  }),
})
export { TagInput }

export const InstanceFilterInput = builder.inputType('InstanceFilter', {
  description: 'All that is given must match; inside a list, any.',
  fields: (t) => ({
    status: t.field({ type: [StatusEnum], description: 'Any of these.' }),
    provider: t.stringList({ description: 'Any of these.' }),
    region: t.stringList({ description: 'Any of these.' }),
    tags: t.field({ type: [TagInput], description: 'All of these; an empty value stands for any.' }),
  }),
})
export const InstanceSortEnum = builder.enumType('InstanceSortField', {
  description: 'What to sort by.',
  values: INSTANCE_SORTS,
})
export const InstanceSortInput = builder.inputType('InstanceSort', {
  description: 'An order; ties go by name.',
  fields: (t) => ({
    field: t.field({
      type: InstanceSortEnum,
      required: true,
      description: 'What to sort by; missing figures come last.',
    }),
    descending: t.boolean({ description: 'Largest first.' }),
  }),
})

const TakeoverRef = builder.objectRef<Takeover>('Takeover').implement({
  description: 'A machine with another key that wants to be this instance. Nothing changes until it is answered.',
  fields: (t) => ({
    id: t.exposeID('id', { description: '"tko_…"' }),
    instanceId: t.exposeID('instanceId', { description: 'The instance it wants to be.' }),
    instanceName: t.exposeString('instanceName', { description: 'Name of that instance.' }),
    hostname: t.exposeString('hostname', { nullable: true, description: 'What the machine calls itself.' }),
    address: t.exposeString('address', { description: 'Where it asks from.' }),
    keyFingerprint: t.exposeString('keyFingerprint', { description: 'Thumbprint of its key (RFC 7638).' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it first asked.' }),
    lastSeenAt: t.expose('lastSeenAt', { type: 'DateTime', description: 'When it last asked.' }),
  }),
})

builder.queryFields((t) => ({
  instances: t.field({
    type: InstanceConnection,
    can: 'instance.read',
    description: 'The fleet.',
    args: {
      filter: t.arg({ type: InstanceFilterInput, description: 'What to show.' }),
      search: t.arg.string({
        description: 'Words, each part of a name, host, address, provider, region or tag; at most 200 characters.',
      }),
      sort: t.arg({ type: InstanceSortInput, description: 'Default: by name.' }),
      first: t.arg.int({ description: FIRST }),
      after: t.arg.string({ description: AFTER }),
    },
    resolve: (_, args, { viewer, instances }) => instances.page(viewer, args),
  }),
  instance: t.field({
    type: InstanceRef,
    can: 'instance.read',
    description: 'One instance. NOT_FOUND where there is none.',
    args: { id: t.arg.id({ required: true, description: '"ins_…"' }) },
    resolve: (_, { id }, { viewer, instances }) => instances.one(viewer, id),
  }),
  takeovers: t.field({
    type: [TakeoverRef],
    can: 'takeover.read',
    description: 'Unanswered take-over requests, newest first (at most 200).',
    args: { instanceId: t.arg.id({ description: 'Only those of this instance.' }) },
    resolve: (_, { instanceId }, { viewer, instances }) => instances.takeovers(viewer, instanceId ?? null),
  }),
}))

builder.mutationFields((t) => ({
  setInstanceTags: t.field({
    type: InstanceRef,
    can: 'instance.tag',
    audit: 'entry',
    description: 'Replaces the labels of an instance (at most 64). They stay when its agent enrols again.',
    args: {
      id: t.arg.id({ required: true, description: 'The instance.' }),
      tags: t.arg({ type: [TagInput], required: true, description: 'All labels it shall have.' }),
    },
    resolve: (_, { id, tags }, { viewer, instances }) => instances.setTags(viewer, id, tags),
  }),
  removeInstance: t.boolean({
    can: 'instance.remove',
    audit: 'entry',
    description: 'Forgets an instance: its link, terminals and token end at once. The machine itself goes on.',
    args: { id: t.arg.id({ required: true, description: 'The instance.' }) },
    resolve: (_, { id }, { viewer, instances }) => instances.remove(viewer, id),
  }),
  answerTakeover: t.boolean({
    can: 'takeover.answer',
    audit: 'entry',
    description:
      'Allows a machine to take over an instance (its key replaces the old one, whose link closes) or refuses it.',
    args: {
      id: t.arg.id({ required: true, description: 'The request.' }),
      allow: t.arg.boolean({ required: true, description: 'true allows, false refuses.' }),
    },
    resolve: (_, { id, allow }, { viewer, instances }) => instances.answerTakeover(viewer, id, allow),
  }),
}))

const InstanceChangeRef = builder.objectRef<InstanceChange>('InstanceChange').implement({
  description: 'An instance as it is now.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The instance.' }),
    instance: t.expose('instance', {
      type: InstanceRef,
      nullable: true,
      description: 'As it is now; null when it was removed.',
    }),
  }),
})

builder.subscriptionField('instanceChanged', (t) =>
  t.field({
    type: InstanceChangeRef,
    can: 'instance.read',
    // Whoever may watch sees the same of a change.
    extensions: { shared: true },
    description:
      'Instances as they enrol, change status or facts, or go. After an interruption all that changed meanwhile comes again.',
    args: { ids: t.arg.idList({ description: 'Only these (at most 200); absent for the whole fleet.' }) },
    subscribe: (_, { ids }, { viewer, instances }) => instances.changes(viewer, ids ?? null),
    resolve: (change) => change,
  }),
)
