// The fleet as a whole: how many are how, how loaded each is, and what needs somebody, small enough for ten thousand instances.
import { builder } from './builder.ts'
import type { Status } from './contract/status.ts'
import type { Viewer } from './context.ts'
import { StatusEnum } from './instances.ts'

/** Columns of one length: the n-th of each belong to the same instance. Figures are null where no sample of now has them. */
export interface FleetLoad {
  ids: string[]
  names: string[]
  statuses: Status[]
  providers: (string | null)[]
  /** Whole percent. */
  cpu: (number | null)[]
  memory: (number | null)[]
  disk: (number | null)[]
  /** Bytes per second, both directions, to two digits. */
  network: (number | null)[]
}

export interface FleetCounts {
  total: number
  statuses: { status: Status; count: number }[]
  providers: { provider: string | null; count: number; running: number }[]
}

/** The gravest first. */
export const CONCERNS = ['OFFLINE', 'TAKEOVER', 'FLAPPING', 'STALE', 'DENIED'] as const
export type ConcernKind = (typeof CONCERNS)[number]

export interface ConcernCase {
  at: Date
  instanceId: string | null
  /** Of the instance; of who was denied. */
  name: string | null
  detail: string | null
  times: number
}

export interface Concern {
  kind: ConcernKind
  count: number
  latest: ConcernCase[]
}

export interface FleetChange {
  load: FleetLoad
  removed: string[]
}

export interface Fleet {
  counts(viewer: Viewer): Promise<FleetCounts>
  load(viewer: Viewer): Promise<FleetLoad>
  concerns(viewer: Viewer): Promise<Concern[]>
  changes(viewer: Viewer): Promise<AsyncIterable<FleetChange>>
}

const StatusCountRef = builder.objectRef<FleetCounts['statuses'][number]>('FleetStatusCount').implement({
  description: 'How many instances have a status.',
  fields: (t) => ({
    status: t.expose('status', { type: StatusEnum, description: 'The status.' }),
    count: t.exposeInt('count', { description: 'How many have it.' }),
  }),
})
const ProviderCountRef = builder.objectRef<FleetCounts['providers'][number]>('FleetProviderCount').implement({
  description: 'How many instances a provider has.',
  fields: (t) => ({
    provider: t.exposeString('provider', { nullable: true, description: 'As reported; null: not reported.' }),
    count: t.exposeInt('count', { description: 'How many it has.' }),
    running: t.exposeInt('running', { description: 'How many of them run.' }),
  }),
})
const CountsRef = builder.objectRef<FleetCounts>('FleetCounts').implement({
  description: 'The fleet in numbers.',
  fields: (t) => ({
    total: t.exposeInt('total', { description: 'Instances in all.' }),
    statuses: t.expose('statuses', {
      type: [StatusCountRef],
      description: 'By status; those that nobody has are left out.',
    }),
    providers: t.expose('providers', { type: [ProviderCountRef], description: 'By provider, the largest first.' }),
  }),
})

const gaps = { list: false, items: true } as const
const LoadRef = builder.objectRef<FleetLoad>('FleetLoad').implement({
  description:
    'How loaded instances are, as columns of one length: the n-th entries belong to the same instance. A figure is null where no recent sample has it.',
  fields: (t) => ({
    ids: t.exposeIDList('ids', { description: '"ins_…"' }),
    names: t.exposeStringList('names', { description: 'Names.' }),
    statuses: t.expose('statuses', { type: [StatusEnum], description: 'How each is.' }),
    providers: t.exposeStringList('providers', { nullable: gaps, description: 'Providers as reported.' }),
    cpu: t.exposeIntList('cpu', { nullable: gaps, description: 'Busy share of all cores, in whole percent.' }),
    memory: t.exposeIntList('memory', { nullable: gaps, description: 'Memory in use, in whole percent.' }),
    disk: t.exposeIntList('disk', { nullable: gaps, description: 'Space in use on all devices, in whole percent.' }),
    network: t.expose('network', {
      type: ['BigInt'],
      nullable: gaps,
      description: 'Received and sent on all interfaces but loopback, in bytes per second, to two digits.',
    }),
  }),
})

const ConcernEnum = builder.enumType('FleetConcernKind', {
  description: 'Why something needs somebody.',
  values: {
    OFFLINE: { description: 'Instances whose agents are silent.' },
    TAKEOVER: { description: 'Take-over requests without an answer; for those who may read them.' },
    FLAPPING: { description: 'Instances that fell silent three times or more within the hour.' },
    STALE: { description: 'Instances that missed two heartbeats.' },
    DENIED: { description: 'Acts that a role did not allow, of the last 24 h; for those who may read the audit log.' },
  } satisfies Record<ConcernKind, object>,
})
const CaseRef = builder.objectRef<ConcernCase>('FleetConcernCase').implement({
  description: 'One case of a concern.',
  fields: (t) => ({
    at: t.expose('at', { type: 'DateTime', description: 'Since when, or when last.' }),
    instanceId: t.exposeID('instanceId', { nullable: true, description: 'The instance, where it is about one.' }),
    name: t.exposeString('name', { nullable: true, description: 'Name of the instance, or of who was denied.' }),
    detail: t.exposeString('detail', {
      nullable: true,
      description: 'TAKEOVER: the address it is asked from. DENIED: the act.',
    }),
    times: t.exposeInt('times', { description: 'FLAPPING: how often within the hour; else 1.' }),
  }),
})
const ConcernRef = builder.objectRef<Concern>('FleetConcern').implement({
  description: 'Something that needs somebody, with its latest cases.',
  fields: (t) => ({
    kind: t.expose('kind', { type: ConcernEnum, description: 'What it is.' }),
    count: t.exposeInt('count', { description: 'Cases in all.' }),
    latest: t.expose('latest', { type: [CaseRef], description: 'The latest of them, newest first (at most 5).' }),
  }),
})

const FleetRef = builder.objectRef<object>('Fleet').implement({
  description: 'The fleet as a whole. Each part is read only where it is asked for.',
  fields: (t) => ({
    counts: t.field({
      type: CountsRef,
      description: 'In numbers.',
      resolve: (_, __, { viewer, fleet }) => fleet.counts(viewer),
    }),
    load: t.field({
      type: LoadRef,
      description: 'Every instance with how loaded it is, in the order of enrolment.',
      resolve: (_, __, { viewer, fleet }) => fleet.load(viewer),
    }),
    concerns: t.field({
      type: [ConcernRef],
      description: 'What needs somebody, the gravest first; what the caller may not read is left out.',
      resolve: (_, __, { viewer, fleet }) => fleet.concerns(viewer),
    }),
  }),
})

builder.queryField('fleet', (t) =>
  t.field({ type: FleetRef, can: 'instance.read', description: 'The fleet as a whole.', resolve: () => ({}) }),
)

const ChangeRef = builder.objectRef<FleetChange>('FleetChange').implement({
  description: 'What changed in the fleet since the last message.',
  fields: (t) => ({
    load: t.expose('load', {
      type: LoadRef,
      description: 'Instances that are new or another than before, as they are now.',
    }),
    removed: t.exposeIDList('removed', { description: 'Instances that are gone.' }),
  }),
})

builder.subscriptionField('fleetChanged', (t) =>
  t.field({
    type: ChangeRef,
    can: 'instance.read',
    description:
      'The load of the fleet as it changes: at most one message in 2 s, with only what is another than before. Subscribe, then read `fleet`, then apply what comes.',
    subscribe: (_, __, { viewer, fleet }) => fleet.changes(viewer),
    resolve: (change) => change,
  }),
)
