// Users: who may sign in, and with which role.
import { builder } from './builder.ts'
import { ROLES, type Role } from './contract/roles.ts'
import type { Viewer } from './context.ts'
import { AFTER, connectionOf, FIRST, type Page, type PageArgs } from './paging.ts'

export interface User {
  id: string
  email: string
  name: string
  role: Role
  mustChangePassword: boolean
  createdAt: Date
  lastSignInAt: Date | null
  deactivatedAt: Date | null
}

export interface UserChange {
  id: string
  name?: string | null | undefined
  role?: Role | null | undefined
  active?: boolean | null | undefined
}

export interface IssuedPassword {
  user: User
  oneTimePassword: string
}

export interface Users {
  page(viewer: Viewer, args: PageArgs & { search?: string | null | undefined }): Promise<Page<User>>
  create(viewer: Viewer, input: { email: string; name: string; role: Role }): Promise<IssuedPassword>
  update(viewer: Viewer, change: UserChange): Promise<User>
  resetPassword(viewer: Viewer, id: string): Promise<IssuedPassword>
}

export const RoleEnum = builder.enumType('Role', {
  description: 'What a user or key may do; each role may do all that the ones before it may.',
  values: ROLES,
})

export const UserRef = builder.objectRef<User>('User').implement({
  description: 'Somebody who may sign in.',
  fields: (t) => ({
    id: t.exposeID('id', { description: '"usr_…"' }),
    email: t.exposeString('email', { description: 'E-mail address, lower case; unique.' }),
    name: t.exposeString('name', { description: 'Name to show.' }),
    role: t.expose('role', { type: RoleEnum, description: 'Present role.' }),
    mustChangePassword: t.exposeBoolean('mustChangePassword', {
      description: 'Whether a one-time password is still in use.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the account was made.' }),
    lastSignInAt: t.expose('lastSignInAt', {
      type: 'DateTime',
      nullable: true,
      description: 'Last sign-in with success.',
    }),
    deactivatedAt: t.expose('deactivatedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'Since when the account is closed; null while it is open.',
    }),
  }),
})

const UserConnection = connectionOf('User', UserRef)

const IssuedPasswordRef = builder.objectRef<IssuedPassword>('IssuedPassword').implement({
  description: 'A user and the one-time password just made for them.',
  fields: (t) => ({
    user: t.expose('user', { type: UserRef, description: 'The user.' }),
    oneTimePassword: t.exposeString('oneTimePassword', {
      description: 'Shown this once; must be changed at the next sign-in.',
    }),
  }),
})

builder.queryField('users', (t) =>
  t.field({
    type: UserConnection,
    can: 'user.read',
    description: 'All users, by e-mail.',
    args: {
      search: t.arg.string({ description: 'Part of a name or e-mail, in any case.' }),
      first: t.arg.int({ description: FIRST }),
      after: t.arg.string({ description: AFTER }),
    },
    resolve: (_, args, { viewer, users }) => users.page(viewer, args),
  }),
)

const CreateUserInput = builder.inputType('CreateUserInput', {
  description: 'A user to be.',
  fields: (t) => ({
    email: t.string({ required: true, description: 'E-mail address; unique in any case.' }),
    name: t.string({ required: true, description: 'Name to show, 1–128 characters.' }),
    role: t.field({ type: RoleEnum, required: true, description: 'Role to begin with.' }),
  }),
})

const UpdateUserInput = builder.inputType('UpdateUserInput', {
  description: 'Changes of a user; what is absent stays.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The user.' }),
    name: t.string({ description: 'New name.' }),
    role: t.field({ type: RoleEnum, description: 'New role. The last active administrator keeps theirs.' }),
    active: t.boolean({ description: 'false closes the account: its sessions, keys and terminals end within 2 s.' }),
  }),
})

builder.mutationFields((t) => ({
  createUser: t.field({
    type: IssuedPasswordRef,
    can: 'user.manage',
    audit: 'entry',
    description: 'Makes a user with a one-time password. CONFLICT when the e-mail is taken.',
    args: { input: t.arg({ type: CreateUserInput, required: true, description: 'The user to be.' }) },
    resolve: (_, { input }, { viewer, users }) => users.create(viewer, input),
  }),
  updateUser: t.field({
    type: UserRef,
    can: 'user.manage',
    audit: 'entry',
    description: 'Changes name, role or access of a user. CONFLICT when no active administrator would be left.',
    args: { input: t.arg({ type: UpdateUserInput, required: true, description: 'What changes.' }) },
    resolve: (_, { input }, { viewer, users }) => users.update(viewer, input),
  }),
  resetPassword: t.field({
    type: IssuedPasswordRef,
    can: 'user.manage',
    audit: 'entry',
    description: 'Gives a user a new one-time password and ends their sessions.',
    args: { id: t.arg.id({ required: true, description: 'The user.' }) },
    resolve: (_, { id }, { viewer, users }) => users.resetPassword(viewer, id),
  }),
}))
