// Accounts: signing in and out, one's own password and sessions.
import { builder } from './builder.ts'
import { type Action, ACTIONS, can } from './contract/roles.ts'
import type { Cookies, Viewer } from './context.ts'
import { RoleEnum, type User, UserRef } from './users.ts'

export interface Session {
  id: string
  createdAt: Date
  lastSeenAt: Date
  expiresAt: Date
  ip: string
  userAgent: string | null
  /** Whether it is the session of this very request. */
  current: boolean
}

/** What somebody holds open, and would lose with their account. */
export interface UserAccess {
  user: User
  sessions: Session[]
  openKeys: number
  openTerminals: number
  isLastAdmin: boolean
}

export interface Accounts {
  signIn(viewer: Viewer, input: { email: string; password: string }, cookies: Cookies | null): Promise<User>
  signOut(viewer: Viewer, cookies: Cookies | null): Promise<boolean>
  /** The user behind the viewer: null for everybody who is not a person. */
  user(viewer: Viewer): Promise<User | null>
  changePassword(viewer: Viewer, input: { current: string; next: string }): Promise<User>
  sessions(viewer: Viewer): Promise<Session[]>
  revokeSession(viewer: Viewer, id: string): Promise<boolean>
  /** Ends every session but this one; answers how many. */
  revokeOtherSessions(viewer: Viewer): Promise<number>
  accessOf(viewer: Viewer, userId: string): Promise<UserAccess>
  /** Anybody's. */
  revokeUserSession(viewer: Viewer, id: string): Promise<boolean>
}

const SessionRef = builder.objectRef<Session>('Session').implement({
  description: 'A browser that is signed in.',
  fields: (t) => ({
    id: t.exposeID('id', { description: '"ses_…"' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it signed in.' }),
    lastSeenAt: t.expose('lastSeenAt', { type: 'DateTime', description: 'Last request, to the minute.' }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'When it ends by itself.' }),
    ip: t.exposeString('ip', { description: 'Address it signed in from.' }),
    userAgent: t.exposeString('userAgent', { nullable: true, description: 'What the browser called itself.' }),
    current: t.exposeBoolean('current', { description: 'Whether it is the one that asks.' }),
  }),
})

const ViewerRef = builder.objectRef<Viewer>('Viewer').implement({
  description: 'Who is asking.',
  fields: (t) => ({
    name: t.string({
      nullable: true,
      description: 'Name of the user or key; null for others.',
      resolve: (viewer) => (viewer.kind === 'user' || viewer.kind === 'key' ? viewer.name : null),
    }),
    role: t.field({
      type: RoleEnum,
      nullable: true,
      description: 'Present role; null before signing in and for agents.',
      resolve: (viewer) => (viewer.kind === 'user' || viewer.kind === 'key' ? viewer.role : null),
    }),
    user: t.field({
      type: UserRef,
      nullable: true,
      description: 'The user; null for keys and before signing in.',
      resolve: (viewer, _, { accounts }) => accounts.user(viewer),
    }),
    actions: t.stringList({
      description: 'Actions open to the caller now, such as "terminal.open".',
      resolve: (viewer) => (Object.keys(ACTIONS) as Action[]).filter((action) => can(viewer, action)),
    }),
  }),
})

const UserAccessRef = builder.objectRef<UserAccess>('UserAccess').implement({
  description: 'What a user holds open, and would lose with the account.',
  fields: (t) => ({
    user: t.expose('user', { type: UserRef, description: 'Who.' }),
    sessions: t.expose('sessions', { type: [SessionRef], description: 'Open sessions, newest first (at most 200).' }),
    openKeys: t.exposeInt('openKeys', { description: 'API keys of theirs that still open something.' }),
    openTerminals: t.exposeInt('openTerminals', { description: 'Terminals that they or their keys hold open.' }),
    isLastAdmin: t.exposeBoolean('isLastAdmin', {
      description: 'Whether no other administrator is active: such a user keeps role and account.',
    }),
  }),
})

builder.queryFields((t) => ({
  userAccess: t.field({
    type: UserAccessRef,
    can: 'user.read',
    description: 'What a user holds open. NOT_FOUND where there is no such user.',
    args: { id: t.arg.id({ required: true, description: 'The user.' }) },
    resolve: (_, { id }, { viewer, accounts }) => accounts.accessOf(viewer, id),
  }),
  viewer: t.field({
    type: ViewerRef,
    can: 'account.read',
    description: 'Who is asking; answers before signing in, too.',
    resolve: (_, __, { viewer }) => viewer,
  }),
  sessions: t.field({
    type: [SessionRef],
    can: 'account.change',
    description: "The caller's own sessions that are still open, newest first. Empty for keys.",
    resolve: (_, __, { viewer, accounts }) => accounts.sessions(viewer),
  }),
}))

builder.mutationFields((t) => ({
  signIn: t.field({
    type: UserRef,
    can: 'session.open',
    audit: 'entry',
    description:
      'Opens a session and sets its cookie (httpOnly, SameSite=Lax). SIGN_IN_FAILED does not say which part was wrong; RATE_LIMITED after repeated failures.',
    args: {
      email: t.arg.string({ required: true, description: 'E-mail address, in any case.' }),
      password: t.arg.string({ required: true, description: 'Password or one-time password.' }),
    },
    resolve: (_, input, { viewer, accounts, cookies }) => accounts.signIn(viewer, input, cookies),
  }),
  signOut: t.boolean({
    can: 'account.change',
    audit: 'entry',
    description: 'Ends this session: its sockets and terminals close within 2 s.',
    resolve: (_, __, { viewer, accounts, cookies }) => accounts.signOut(viewer, cookies),
  }),
  changePassword: t.field({
    type: UserRef,
    can: 'account.change',
    audit: 'entry',
    description: 'Changes the own password (12–256 characters, not the old one) and ends all other sessions.',
    args: {
      current: t.arg.string({ required: true, description: 'The password as it is now.' }),
      next: t.arg.string({ required: true, description: 'The password to be.' }),
    },
    resolve: (_, input, { viewer, accounts }) => accounts.changePassword(viewer, input),
  }),
  revokeSession: t.boolean({
    can: 'account.change',
    audit: 'entry',
    description: 'Ends one of the own sessions; its sockets and terminals close within 2 s.',
    args: { id: t.arg.id({ required: true, description: 'The session.' }) },
    resolve: (_, { id }, { viewer, accounts }) => accounts.revokeSession(viewer, id),
  }),
  revokeUserSession: t.boolean({
    can: 'user.manage',
    audit: 'entry',
    description: "Ends a session of anybody's; its sockets and terminals close within 2 s.",
    args: { id: t.arg.id({ required: true, description: 'The session.' }) },
    resolve: (_, { id }, { viewer, accounts }) => accounts.revokeUserSession(viewer, id),
  }),
  revokeOtherSessions: t.int({
    can: 'account.change',
    audit: 'entry',
    description: 'Ends all own sessions but this one; answers how many.',
    resolve: (_, __, { viewer, accounts }) => accounts.revokeOtherSessions(viewer),
  }),
}))
