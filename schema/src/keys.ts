// API keys: programs' way in, never above their creator's present role.
import { builder } from './builder.ts'
import type { Role } from './contract/roles.ts'
import type { Viewer } from './context.ts'
import { AFTER, connectionOf, FIRST, type Page, type PageArgs } from './paging.ts'
import { RoleEnum } from './users.ts'

export interface ApiKey {
  id: string
  name: string
  prefix: string
  role: Role
  ownerId: string
  ownerName: string
  madeWithId: string | null
  createdAt: Date
  expiresAt: Date | null
  lastUsedAt: Date | null
  revokedAt: Date | null
}

export interface IssuedKey {
  apiKey: ApiKey
  secret: string
}

export interface Keys {
  page(viewer: Viewer, args: PageArgs & { open?: boolean | null | undefined }): Promise<Page<ApiKey>>
  create(viewer: Viewer, input: { name: string; role: Role; expiresAt?: Date | null | undefined }): Promise<IssuedKey>
  revoke(viewer: Viewer, id: string): Promise<ApiKey>
}

const ApiKeyRef = builder.objectRef<ApiKey>('ApiKey').implement({
  description: 'A key with which a program signs in. Only its hash is stored.',
  fields: (t) => ({
    id: t.exposeID('id', { description: '"key_…"' }),
    name: t.exposeString('name', { description: 'What it is for.' }),
    prefix: t.exposeString('prefix', { description: 'Beginning of the secret, to recognise it by.' }),
    role: t.expose('role', {
      type: RoleEnum,
      description: "Its role; in effect the lower of this and its creator's present one.",
    }),
    ownerId: t.exposeID('ownerId', { description: 'The user who made it; it dies with their account.' }),
    ownerName: t.exposeString('ownerName', { description: "The creator's name." }),
    madeWithId: t.exposeID('madeWithId', {
      nullable: true,
      description: 'The key with which it was made: it ends with that one. null: made by its owner in person.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it ends by itself; null for never.',
    }),
    lastUsedAt: t.expose('lastUsedAt', { type: 'DateTime', nullable: true, description: 'Last use, to the minute.' }),
    revokedAt: t.expose('revokedAt', { type: 'DateTime', nullable: true, description: 'When it was revoked.' }),
  }),
})

const ApiKeyConnection = connectionOf('ApiKey', ApiKeyRef)

const IssuedKeyRef = builder.objectRef<IssuedKey>('IssuedApiKey').implement({
  description: 'A key just made, with its secret.',
  fields: (t) => ({
    apiKey: t.expose('apiKey', { type: ApiKeyRef, description: 'The key.' }),
    secret: t.exposeString('secret', {
      description:
        'Shown this once. Send it as "Authorization: Bearer …" or in connection_init as {"kind":"key","key":…}.',
    }),
  }),
})

builder.queryField('apiKeys', (t) =>
  t.field({
    type: ApiKeyConnection,
    can: 'key.read',
    description: 'API keys, newest first, revoked and expired ones included.',
    args: {
      open: t.arg.boolean({ description: 'true: only keys that still open something; false: only the others.' }),
      first: t.arg.int({ description: FIRST }),
      after: t.arg.string({ description: AFTER }),
    },
    resolve: (_, args, { viewer, keys }) => keys.page(viewer, args),
  }),
)

const CreateApiKeyInput = builder.inputType('CreateApiKeyInput', {
  description: 'A key to be.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'What it is for, 1–128 characters.' }),
    role: t.field({ type: RoleEnum, required: true, description: "Not above the creator's own role." }),
    expiresAt: t.field({ type: 'DateTime', description: 'When it ends by itself; absent for never.' }),
  }),
})

builder.mutationFields((t) => ({
  createApiKey: t.field({
    type: IssuedKeyRef,
    can: 'key.manage',
    audit: 'entry',
    description: "Makes a key and shows its secret once. FORBIDDEN above the creator's role.",
    args: { input: t.arg({ type: CreateApiKeyInput, required: true, description: 'The key to be.' }) },
    resolve: (_, { input }, { viewer, keys }) => keys.create(viewer, input),
  }),
  revokeApiKey: t.field({
    type: ApiKeyRef,
    can: 'key.manage',
    audit: 'entry',
    description:
      'Ends a key at once, and all that were made with it, directly or through others: their sockets and terminals close within 2 s.',
    args: { id: t.arg.id({ required: true, description: 'The key.' }) },
    resolve: (_, { id }, { viewer, keys }) => keys.revoke(viewer, id),
  }),
}))
