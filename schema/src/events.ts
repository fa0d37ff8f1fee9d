// Events: what happened to an instance, as its agent or the console saw it.
import { builder } from './builder.ts'
import type { AgentViewer, Viewer } from './context.ts'
import { type PublishAnswer, PublishAnswerRef, type RecordIdentity } from './records.ts'
import { AFTER, connectionOf, FIRST, type Page, type PageArgs } from './paging.ts'

export const EVENT_TYPES = [
  'DEPLOY',
  'REDEPLOY',
  'CONNECT',
  'DISCONNECT',
  'BACKUP',
  'RESTORE',
  'DESTROY',
  'SUSPEND',
  'RESUME',
  'EXTENSION_INSTALL',
  'EXTENSION_REMOVE',
  'HEARTBEAT_LOST',
  'HEARTBEAT_RECOVERED',
  'CONFIG_CHANGED',
  'ERROR',
] as const
export type EventType = (typeof EVENT_TYPES)[number]

export interface FleetEvent {
  id: string
  instanceId: string
  instanceName: string
  type: EventType
  message: string
  metadata: unknown
  at: Date
}

export interface EventFilter {
  instanceId?: string | null | undefined
  types?: EventType[] | null | undefined
  from?: Date | null | undefined
  to?: Date | null | undefined
}

export interface EventInput extends RecordIdentity {
  type: unknown
  message: string
  metadata?: unknown
  at: unknown
}

export interface Events {
  page(viewer: Viewer, args: PageArgs & { filter?: EventFilter | null | undefined }): Promise<Page<FleetEvent>>
  watch(viewer: Viewer, instanceId: string | null): Promise<AsyncIterable<FleetEvent>>
  publish(agent: AgentViewer, records: readonly (EventInput | null)[]): Promise<PublishAnswer>
}

const EventTypeEnum = builder.enumType('EventType', {
  description: 'What kind of thing happened.',
  values: EVENT_TYPES,
})

const EventRef = builder.objectRef<FleetEvent>('Event').implement({
  description: 'Something that happened to an instance.',
  fields: (t) => ({
    id: t.exposeID('id', { description: '"evt_…"' }),
    instanceId: t.exposeID('instanceId', { description: 'To which instance.' }),
    instanceName: t.exposeString('instanceName', { description: 'Name of that instance.' }),
    type: t.expose('type', { type: EventTypeEnum, description: 'What kind.' }),
    message: t.exposeString('message', { description: 'One sentence.' }),
    metadata: t.expose('metadata', { type: 'JSON', nullable: true, description: 'Details, by kind.' }),
    at: t.expose('at', { type: 'DateTime', description: 'When, in console time.' }),
  }),
})

const EventConnection = connectionOf('Event', EventRef)

const EventFilterInput = builder.inputType('EventFilter', {
  description: 'All that is given must match.',
  fields: (t) => ({
    instanceId: t.id({ description: 'Of this instance.' }),
    types: t.field({ type: [EventTypeEnum], description: 'Any of these.' }),
    from: t.field({ type: 'DateTime', description: 'Not before.' }),
    to: t.field({ type: 'DateTime', description: 'Before.' }),
  }),
})

builder.queryField('events', (t) =>
  t.field({
    type: EventConnection,
    can: 'event.read',
    description: 'Events, newest first.',
    args: {
      filter: t.arg({ type: EventFilterInput, description: 'What to show.' }),
      first: t.arg.int({ description: FIRST }),
      after: t.arg.string({ description: AFTER }),
    },
    resolve: (_, args, { viewer, events }) => events.page(viewer, args),
  }),
)

builder.subscriptionField('eventRecorded', (t) =>
  t.field({
    type: EventRef,
    can: 'event.read',
    description: 'Events as they are recorded; none is left out over an interruption, and none comes twice.',
    args: { instanceId: t.arg.id({ description: 'Only of this instance.' }) },
    subscribe: (_, { instanceId }, { viewer, events }) => events.watch(viewer, instanceId ?? null),
    resolve: (event) => event,
  }),
)

const EventRecordInput = builder.inputType('EventInput', {
  description: 'An event as a record: (instance, run, stream "events", seq) is its identity.',
  fields: (t) => ({
    run: t.string({ required: true, description: 'ULID of the run of the agent that saw it.' }),
    seq: t.field({ type: 'Figure', required: true, description: 'Counts from 1 inside run and stream.' }),
    type: t.field({ type: 'JSON', required: true, description: 'An EventType; checked per record.' }),
    message: t.string({ required: true, description: 'One sentence, at most 4096 characters.' }),
    metadata: t.field({ type: 'JSON', description: 'Details: an object of at most 16 KiB.' }),
    at: t.field({
      type: 'JSON',
      required: true,
      description: 'When, in console time: RFC 3339 with zone. Checked per record.',
    }),
  }),
})

builder.mutationField('publishEvents', (t) =>
  t.field({
    type: PublishAnswerRef,
    can: 'agent.report',
    audit: 'agent',
    description: 'Events of the calling agent. Answers after commit.',
    args: {
      records: t.arg({
        type: [EventRecordInput],
        required: { list: true, items: false },
        description: 'At most 500 records and 256 KiB.',
      }),
    },
    resolve: (_, { records }, { viewer, events }) =>
      events.publish(viewer as AgentViewer, records as (EventInput | null)[]),
  }),
)
