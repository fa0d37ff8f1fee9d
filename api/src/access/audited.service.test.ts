import { type Context, schema, type Viewer } from '@sindri/schema'
import type { Action } from '@sindri/schema/contract/roles'
import { getNamedType, graphql, type GraphQLField, isObjectType } from 'graphql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCommands } from '../commands/commands.ts'
import { createInstances } from '../instances/instances.ts'
import { createIds } from '../platform/ids.ts'
import { createJobs } from '../platform/jobs.ts'
import { silentLog } from '../platform/log.ts'
import { anonymous, openAccess, openJar, origin, type TestAccess } from '../testing/access.ts'
import { enroller, openAgents, type TestAgents } from '../testing/agents.ts'
import { createSystem } from '../system/system.ts'
import { createViews } from '../views/views.ts'
import { createAccess } from './access.ts'

// The slices that write, on one database: what their mutations leave in the audit log is counted through the schema itself.
let t: TestAccess
let a: TestAgents
let ports: Context
let admin: Awaited<ReturnType<TestAccess['join']>>
let looker: Viewer
beforeAll(async () => {
  a = await openAgents()
  t = await openAccess(a.db)
  const instances = createInstances({
    db: a.db,
    bus: a.bus,
    clock: a.clock,
    log: silentLog,
    endLinks: a.agents.endLinks,
    closeTerminals: async () => {},
  })
  const system = createSystem({
    db: a.db,
    clock: a.clock,
    version: '0',
    database: 'any',
    bus: 'memory',
    address: () => ({ outside: '', loopbackOnly: true }),
    enrolSecret: 'the bootstrap secret',
    readiness: async () => {
      throw new Error('nobody asks')
    },
    settings: { variables: [], retention: { sampleDays: 0, rollupDays: 0, eventDays: 0, endedSessionDays: 0 } },
  })
  const views = createViews({
    db: a.db,
    ids: createIds(a.clock),
    count: (viewer, list) => instances.count(viewer, list),
  })
  const { commands } = createCommands({
    db: a.db,
    bus: a.bus,
    clock: a.clock,
    ids: createIds(a.clock),
    jobs: createJobs({ clock: a.clock, log: silentLog }),
    log: silentLog,
    inboxOf: a.agents.inboxOf,
    instanceOf: (viewer, id) => instances.one(viewer, id),
  })
  ports = { ...t.access, agents: a.agents, instances, views, system, commands } as unknown as Context
  admin = await t.join('ADMIN')
  looker = (await t.join('VIEWER')).viewer
})
afterAll(async () => {
  await t.close()
  await a.close()
})

type Mutation = GraphQLField<unknown, unknown> & { extensions: { can?: Action; audit?: string } }
const mutations = (Object.values(schema.getMutationType()?.getFields() ?? {}) as Mutation[]).filter(
  ({ extensions }) => extensions.audit === 'entry' && !extensions.can?.startsWith('terminal.'),
)

interface Try {
  viewer: Viewer
  variables: Record<string, unknown>
}
interface Recipe {
  allowed: () => Promise<Try>
  /** Who may not; by default somebody who may only look. */
  denied?: () => Viewer
  /** What a rule refuses to somebody who may; absent where there is nothing to refuse. */
  failed?: () => Promise<Record<string, unknown>>
}

const unknown = (prefix: string) => `${prefix}_01ARZ3NDEKTSV4RRFFQ69G5FAV`
const asAdmin = async (variables: Record<string, unknown>): Promise<Try> => ({ viewer: admin.viewer, variables })
const someUser = async () => (await t.join('VIEWER')).user.id
const asSomebody = async (
  make: (joined: Awaited<ReturnType<TestAccess['join']>>) => Promise<Record<string, unknown>> | Record<string, unknown>,
): Promise<Try> => {
  const joined = await t.join('VIEWER')
  return { viewer: joined.viewer, variables: await make(joined) }
}
const stranger = async () => {
  const holder = a.machine()
  await holder.enrol()
  await a
    .machine(holder.name)
    .enrol()
    .catch(() => {})
  const [request] = await ports.instances.takeovers(admin.viewer, holder.enrolled?.id ?? '')
  return request?.id
}

const wantedOn = async () => {
  const machine = a.machine()
  await machine.enrol()
  return { instanceId: machine.enrolled?.id ?? '', command: 'true' }
}

const recipes: Record<string, Recipe> = {
  runCommand: {
    allowed: async () => asAdmin({ input: await wantedOn() }),
    failed: async () => ({ input: { ...(await wantedOn()), timeoutMs: 1 } }),
  },
  cancelCommand: {
    allowed: async () => asAdmin({ id: (await ports.commands.run(admin.viewer, await wantedOn())).id }),
    failed: async () => ({ id: unknown('cmd') }),
  },
  signIn: {
    allowed: async () => ({ viewer: anonymous, variables: { email: admin.user.email, password: admin.password } }),
    denied: () => enroller,
    failed: async () => ({ email: 'nobody@example.org', password: 'no password' }),
  },
  signOut: { allowed: () => asSomebody(() => ({})), denied: () => anonymous },
  changePassword: {
    allowed: () => asSomebody(({ password }) => ({ current: password, next: 'another good password' })),
    denied: () => anonymous,
    failed: async () => ({ current: 'no', next: 'short' }),
  },
  revokeSession: {
    allowed: () =>
      asSomebody(async ({ user, password }) => ({ id: (await t.signIn(user.email, password)).viewer.sessionId })),
    denied: () => anonymous,
    failed: async () => ({ id: unknown('ses') }),
  },
  revokeUserSession: {
    allowed: async () => asAdmin({ id: (await t.join('VIEWER')).viewer.sessionId }),
    failed: async () => ({ id: unknown('ses') }),
  },
  revokeOtherSessions: { allowed: () => asSomebody(() => ({})), denied: () => anonymous },
  revealEnrolmentSecret: { allowed: () => asAdmin({}) },
  createUser: {
    allowed: () => asAdmin({ input: { email: 'made@example.org', name: 'Made', role: 'VIEWER' } }),
    failed: async () => ({ input: { email: 'nonsense', name: 'x', role: 'VIEWER' } }),
  },
  updateUser: {
    allowed: async () => asAdmin({ input: { id: await someUser(), name: 'Renamed' } }),
    failed: async () => ({ input: { id: unknown('usr'), name: 'x' } }),
  },
  resetPassword: {
    allowed: async () => asAdmin({ id: await someUser() }),
    failed: async () => ({ id: unknown('usr') }),
  },
  createApiKey: {
    allowed: () => asAdmin({ input: { name: 'k', role: 'VIEWER' } }),
    failed: async () => ({ input: { name: '', role: 'VIEWER' } }),
  },
  revokeApiKey: {
    allowed: async () =>
      asAdmin({ id: (await t.access.keys.create(admin.viewer, { name: 'k', role: 'VIEWER' })).apiKey.id }),
    failed: async () => ({ id: unknown('key') }),
  },
  registerInstance: {
    allowed: async () => ({ viewer: enroller, variables: { input: a.machine().registration() } }),
    denied: () => admin.viewer,
    failed: async () => ({ input: a.machine().registration({ instanceId: 'not a name' }) }),
  },
  setInstanceTags: {
    allowed: async () => asAdmin({ id: (await a.machine().enrol()).id, tags: [{ key: 'a', value: 'b' }] }),
    failed: async () => ({ id: unknown('ins'), tags: [] }),
  },
  editInstanceTags: {
    allowed: async () =>
      asAdmin({ selection: { ids: [(await a.machine().enrol()).id] }, set: [{ key: 'a', value: 'b' }] }),
    failed: async () => ({ selection: { ids: [unknown('ins')] }, set: [{ key: 'a', value: 'b' }] }),
  },
  removeInstances: {
    allowed: async () => asAdmin({ selection: { ids: [(await a.machine().enrol()).id] } }),
    failed: async () => ({ selection: { ids: [unknown('ins')] } }),
  },
  saveView: {
    allowed: () => asSomebody(() => ({ input: { name: 'Mine' } })),
    denied: () => anonymous,
    failed: async () => ({ input: { name: '' } }),
  },
  deleteView: {
    allowed: () => asSomebody(async ({ viewer }) => ({ id: (await ports.views.save(viewer, { name: 'Mine' })).id })),
    denied: () => anonymous,
    failed: async () => ({ id: unknown('viw') }),
  },
  orderViews: {
    allowed: () => asSomebody(() => ({ ids: [] })),
    denied: () => anonymous,
    failed: async () => ({ ids: [unknown('viw')] }),
  },
  removeInstance: {
    allowed: async () => asAdmin({ id: (await a.machine().enrol()).id }),
    failed: async () => ({ id: unknown('ins') }),
  },
  answerTakeover: {
    allowed: async () => asAdmin({ id: await stranger(), allow: true }),
    failed: async () => ({ id: unknown('tko'), allow: true }),
  },
}

const documentOf = ({ name, args, type }: Mutation): string => {
  const declared = args.map((arg) => `$${arg.name}: ${String(arg.type)}`).join(', ')
  const passed = args.map((arg) => `${arg.name}: $${arg.name}`).join(', ')
  return `mutation ${declared && `(${declared})`} { ${name}${passed && `(${passed})`} ${isObjectType(getNamedType(type)) ? '{ __typename }' : ''} }`
}

const last = async () =>
  (await a.db.query<{ id: number }>('select coalesce(max(id), 0) as id from audit_entries'))[0]?.id ?? 0

/** Runs it as that viewer; answers its fault code and the entries that it left. */
const run = async (mutation: Mutation, { viewer, variables }: Try) => {
  const before = await last()
  const { errors } = await graphql({
    schema,
    source: documentOf(mutation),
    variableValues: variables,
    contextValue: { ...ports, viewer, cookies: openJar() },
  })
  const entries = await a.db.prisma.auditEntry.findMany({ where: { id: { gt: before } } })
  return {
    code: (errors?.[0]?.cause as { code?: string } | undefined)?.code ?? (errors ? String(errors[0]) : null),
    entries,
  }
}

describe.each(mutations.map((mutation) => [mutation.name, mutation] as const))('%s', (name, mutation) => {
  const recipe = recipes[name]
  const action = `${mutation.extensions.can}.${name}`

  it('leaves exactly one entry when it is allowed', async () => {
    if (!recipe) throw new Error(`Expected to know how to call ${name}; add it to this test.`)
    const { code, entries } = await run(mutation, await recipe.allowed())
    expect(code).toBeNull()
    expect(entries[0]?.targetId === null).toBe(name === 'revealEnrolmentSecret')
    expect(entries).toMatchObject([
      { action, outcome: 'ALLOWED', code: null, targetKind: expect.any(String), requestId: expect.any(String) },
    ])
  })

  it('leaves exactly one entry when the role does not allow it', async () => {
    const viewer = recipe?.denied?.() ?? looker
    const { code, entries } = await run(mutation, { viewer, variables: (await recipe?.allowed())?.variables ?? {} })
    expect(entries).toMatchObject([{ action, outcome: 'DENIED', code, actorKind: viewer.kind.toUpperCase() }])
    expect(['FORBIDDEN', 'UNAUTHENTICATED']).toContain(code)
  })

  it('leaves exactly one entry when a rule refuses it', async () => {
    if (!recipe?.failed) return
    const { viewer } = await recipe.allowed()
    const { code, entries } = await run(mutation, { viewer, variables: await recipe.failed() })
    expect(code).toMatch(/^(BAD_INPUT|NOT_FOUND|SIGN_IN_FAILED)$/)
    expect(entries).toMatchObject([{ action, outcome: 'FAILED', code }])
  })
})

it('somebody who must change their password first is denied, and that is written', async () => {
  const { user, oneTimePassword } = await t.access.users.create(admin.viewer, {
    email: 'first@example.org',
    name: 'First',
    role: 'ADMIN',
  })
  const { viewer } = await t.signIn(user.email, oneTimePassword)
  const createUser = mutations.find(({ name }) => name === 'createUser') as Mutation
  const { code, entries } = await run(createUser, {
    viewer,
    variables: { input: { email: 'x@example.org', name: 'x', role: 'VIEWER' } },
  })
  expect(code).toBe('PASSWORD_CHANGE_REQUIRED')
  expect(entries).toMatchObject([{ outcome: 'DENIED', actorId: user.id }])
})

it('a sign-in that fails is written under the name that was tried, shortened, and never with the password', async () => {
  const signIn = mutations.find(({ name }) => name === 'signIn') as Mutation
  const email = `${'x'.repeat(300)}\0@example.org`
  const { entries } = await run(signIn, {
    viewer: { ...anonymous, ip: '198.51.100.77' },
    variables: { email, password: 'the secret one' },
  })
  expect(entries).toMatchObject([
    { actorKind: 'ANONYMOUS', actorId: null, actorName: 'x'.repeat(100), code: 'SIGN_IN_FAILED', ip: '198.51.100.77' },
  ])
  expect(JSON.stringify(await a.db.query('select * from audit_entries'))).not.toContain('the secret one')
})

it('sign-ins that are sent away as too many are written once a minute for each address', async () => {
  const signIn = mutations.find(({ name }) => name === 'signIn') as Mutation
  const viewer = { ...anonymous, ip: '198.51.100.78' }
  const attempt = () => run(signIn, { viewer, variables: { email: admin.user.email, password: 'a wrong one' } })
  for (let i = 0; i < 5; i++) expect((await attempt()).entries).toHaveLength(1)
  await t.stretchDelays()
  expect(await attempt()).toMatchObject({ code: 'RATE_LIMITED', entries: [{ outcome: 'FAILED' }] })
  for (let i = 0; i < 4; i++) expect(await attempt()).toMatchObject({ code: 'RATE_LIMITED', entries: [] })
})

it('refusals of somebody unknown do not fill the disk: each kind is written once a minute for each network', async () => {
  const removeInstance = mutations.find(({ name }) => name === 'removeInstance') as Mutation
  const attempt = (ip: string) => run(removeInstance, { viewer: { ...anonymous, ip }, variables: { id: 'any' } })
  expect(await attempt('2001:db8::1')).toMatchObject({ code: 'UNAUTHENTICATED', entries: [{ outcome: 'DENIED' }] })
  for (const ip of ['2001:db8::1', '2001:db8::2'])
    expect(await attempt(ip)).toMatchObject({ code: 'UNAUTHENTICATED', entries: [] })
  expect((await attempt('2001:db8:1::1')).entries).toHaveLength(1)
})

it('the bootstrap secret is never written, though each reveal is', async () => {
  const log = JSON.stringify(await a.db.query('select * from audit_entries'))
  expect(log).toContain('revealEnrolmentSecret')
  expect(log).not.toContain('the bootstrap secret')
})

it('a refusal that cannot be written is logged, and changes nothing for the caller', async () => {
  const lines: string[] = []
  const log = { ...silentLog, error: (message: string) => void lines.push(message) }
  const db = { ...a.db, audit: () => Promise.reject(new Error('away')) }
  const { audit } = createAccess({
    db,
    bus: a.bus,
    clock: a.clock,
    ids: { make: (kind) => kind },
    jobs: { start: () => async () => {} },
    log,
  })
  const { Fault } = await import('@sindri/schema/contract/codes')
  await audit.refused(
    { ...anonymous, ...origin },
    'removeInstance',
    'instance.remove',
    'a\0b\ud800',
    new Fault('FORBIDDEN', 'no'),
  )
  expect(lines).toEqual(['an audit entry could not be written'])
})
