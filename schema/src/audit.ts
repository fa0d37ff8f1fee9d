// The audit log: who did what to what, from where, and whether it was allowed.
import { builder } from './builder.ts'
import type { Fault } from './contract/codes.ts'
import type { Action } from './contract/roles.ts'
import type { Viewer } from './context.ts'
import { AFTER, connectionOf, FIRST, type Page, type PageArgs } from './paging.ts'

export const ACTOR_KINDS = ['USER', 'KEY', 'AGENT', 'ENROLLER', 'ANONYMOUS', 'SYSTEM'] as const
export type ActorKind = (typeof ACTOR_KINDS)[number]

/** DENIED: the role did not allow it. FAILED: allowed, but refused by a rule or a fault. */
export const AUDIT_OUTCOMES = ['ALLOWED', 'DENIED', 'FAILED'] as const
export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number]

export interface AuditEntry {
  id: string
  at: Date
  actorKind: ActorKind
  actorId: string | null
  actorName: string | null
  action: string
  targetKind: string | null
  targetId: string | null
  targetName: string | null
  outcome: AuditOutcome
  code: string | null
  before: unknown
  after: unknown
  ip: string | null
  userAgent: string | null
  requestId: string | null
}

export interface AuditFilter {
  search?: string | null | undefined
  actorId?: string | null | undefined
  action?: string | null | undefined
  targetId?: string | null | undefined
  outcome?: AuditOutcome | null | undefined
  from?: Date | null | undefined
  to?: Date | null | undefined
}

export interface Audit {
  page(viewer: Viewer, args: PageArgs & { filter?: AuditFilter | null | undefined }): Promise<Page<AuditEntry>>
  one(viewer: Viewer, id: string): Promise<AuditEntry>
  /** Called by the guard for a mutation that a role, a rule or a fault refused. Must not throw. */
  refused(viewer: Viewer, mutation: string, action: Action, targetId: string | null, fault: Fault): Promise<void>
}

const ActorKindEnum = builder.enumType('ActorKind', {
  description: 'What kind of principal acted.',
  values: ACTOR_KINDS,
})
const OutcomeEnum = builder.enumType('AuditOutcome', {
  description: 'What became of it.',
  values: {
    ALLOWED: { description: 'It was done.' },
    DENIED: { description: 'The role did not allow it.' },
    FAILED: { description: 'The role allowed it, but a rule or a fault refused it.' },
  },
})

const AuditEntryRef = builder.objectRef<AuditEntry>('AuditEntry').implement({
  description: 'One act, written in the same transaction as the change itself.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Number of the entry.' }),
    at: t.expose('at', { type: 'DateTime', description: 'When, by the clock of the database.' }),
    actorKind: t.expose('actorKind', { type: ActorKindEnum, description: 'Kind of principal.' }),
    actorId: t.exposeID('actorId', { nullable: true, description: 'The principal, where it has an id.' }),
    actorName: t.exposeString('actorName', { nullable: true, description: "The principal's name at that time." }),
    action: t.exposeString('action', {
      description: 'Action of the role table and the mutation, such as "terminal.open".',
    }),
    targetKind: t.exposeString('targetKind', { nullable: true, description: 'Kind of thing acted on.' }),
    targetId: t.exposeID('targetId', { nullable: true, description: 'The thing acted on.' }),
    targetName: t.exposeString('targetName', {
      nullable: true,
      description:
        'What it is called now: of a session its user, of a terminal or command its instance. Null when it is gone; a view keeps its name.',
    }),
    outcome: t.expose('outcome', { type: OutcomeEnum, description: 'What became of it.' }),
    code: t.exposeString('code', { nullable: true, description: 'Fault code where it was denied or failed.' }),
    before: t.expose('before', {
      type: 'JSON',
      nullable: true,
      description: 'What changed, as it was. Never holds a secret.',
    }),
    after: t.expose('after', {
      type: 'JSON',
      nullable: true,
      description: 'What changed, as it became. Never holds a secret.',
    }),
    ip: t.exposeString('ip', { nullable: true, description: 'Address it came from.' }),
    userAgent: t.exposeString('userAgent', { nullable: true, description: 'What the client called itself.' }),
    requestId: t.exposeString('requestId', { nullable: true, description: 'Finds it in the log.' }),
  }),
})

const AuditConnection = connectionOf('AuditEntry', AuditEntryRef)

const AuditFilterInput = builder.inputType('AuditFilter', {
  description: 'All that is given must match.',
  fields: (t) => ({
    search: t.string({
      description:
        'Part of the name of who acted or of what was acted on, the beginning of an address, or a whole id of an actor, target or request.',
    }),
    actorId: t.id({ description: 'Who acted.' }),
    action: t.string({ description: 'Which action, or its beginning up to a dot, such as "terminal".' }),
    targetId: t.id({ description: 'What was acted on.' }),
    outcome: t.field({ type: OutcomeEnum, description: 'What became of it.' }),
    from: t.field({ type: 'DateTime', description: 'Not before.' }),
    to: t.field({ type: 'DateTime', description: 'Before.' }),
  }),
})

builder.queryFields((t) => ({
  audit: t.field({
    type: AuditConnection,
    can: 'audit.read',
    description: 'The audit log, newest first.',
    args: {
      filter: t.arg({ type: AuditFilterInput, description: 'What to show.' }),
      first: t.arg.int({ description: FIRST }),
      after: t.arg.string({ description: AFTER }),
    },
    resolve: (_, args, { viewer, audit }) => audit.page(viewer, args),
  }),
  auditEntry: t.field({
    type: AuditEntryRef,
    can: 'audit.read',
    description: 'One entry of the audit log. NOT_FOUND where there is none.',
    args: { id: t.arg.id({ required: true, description: 'Number of the entry.' }) },
    resolve: (_, { id }, { viewer, audit }) => audit.one(viewer, id),
  }),
}))
