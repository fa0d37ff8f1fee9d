// The matrix of roles, over every root field of the built schema and every kind of principal: who gets through to the ports, and who does not.
import {
  execute,
  getNamedType,
  type GraphQLField,
  type GraphQLInputType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  parse,
  subscribe,
} from 'graphql'
import { describe, expect, it } from 'vitest'
import { type Action, ACTIONS, can, lowerRole, ROLES, type Role, weakestRole } from './contract/roles.ts'
import type { Context, Viewer } from './context.ts'
import { schema } from './index.ts'

/** Each field by the weakest role that may use it, or the one other principal. Whatever is missing here fails the test. */
const MATRIX: Record<Role | 'ANONYMOUS' | 'ENROLLER' | 'AGENT', string> = {
  ANONYMOUS: 'viewer signIn',
  VIEWER: `signOut changePassword sessions revokeSession revokeOtherSessions console healthChanged enrolment instances instance
    instanceChanged instanceFacets selectedInstances views saveView deleteView orderViews metrics metricSnapshots
    metricSampled events eventRecorded fleet fleetChanged terminals terminal terminalChanged`,
  DEVELOPER: `openTerminal endTerminal sendTerminalInput ackTerminalOutput resizeTerminal terminalOutput
    setInstanceTags editInstanceTags commands command commandChanged commandOutput runCommand cancelCommand`,
  OPERATOR: `removeInstance removeInstances takeovers answerTakeover revealEnrolmentSecret settings apiKeys createApiKey
    revokeApiKey`,
  ADMIN: 'users userAccess createUser updateUser resetPassword revokeUserSession audit auditEntry',
  ENROLLER: 'registerInstance',
  AGENT: `renewAgentToken heartbeat orders publishSamples publishGaps publishLiveSample publishEvents
    reportTerminals reportTerminalOpened publishTerminalFrames reportTerminalClosed claimCommand
    publishCommandRecords reportCommands`,
}
const namesOf = (names: string): string[] => names.split(/\s+/)

const origin = { ip: '192.0.2.7', userAgent: null, requestId: 'req_1' }
const user = (role: Role, mustChangePassword = false): Viewer => ({
  ...origin,
  kind: 'user',
  id: 'usr_1',
  name: 'Dana',
  role,
  mustChangePassword,
  sessionId: 'ses_1',
})
const key = (role: Role): Viewer => ({ ...origin, kind: 'key', id: 'key_1', name: 'robot', role, ownerId: 'usr_1' })
const anonymous: Viewer = { ...origin, kind: 'anonymous', role: 'ANONYMOUS' }
const enroller: Viewer = { ...origin, kind: 'enroller', role: 'ENROLLER' }
const agent: Viewer = {
  ...origin,
  kind: 'agent',
  role: 'AGENT',
  id: 'ins_1',
  name: 'box',
  num: 1,
  run: '',
  epoch: 1n,
  linkId: 'lnk_1',
}

type Root = GraphQLField<unknown, unknown>
const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]
const fields = roots.flatMap((root) =>
  Object.values(root?.getFields() ?? {}).map((field) => ({
    kind: root?.name.toLowerCase() ?? '',
    field: field as Root,
  })),
)

const SCALARS: Record<string, string> = {
  String: '"x"',
  ID: '"x"',
  Int: '1',
  Float: '1',
  Boolean: 'true',
  Bytes: '""',
  BigInt: '0',
  Figure: '1',
  JSON: '"x"',
  DateTime: '"2026-11-20T18:00:00Z"',
}
const example = (type: GraphQLInputType): string => {
  if (isNonNullType(type)) return example(type.ofType)
  if (isListType(type)) return '[]'
  if (isEnumType(type)) return type.getValues()[0]?.name ?? ''
  if (!isInputObjectType(type)) return SCALARS[type.name] ?? ''
  const required = Object.values(type.getFields()).filter(({ type: inner }) => isNonNullType(inner))
  return `{ ${required.map(({ name, type: inner }) => `${name}: ${example(inner)}`).join(', ')} }`
}
const documentOf = ({ kind, field }: (typeof fields)[number]): string => {
  const args = field.args.filter(({ type }) => isNonNullType(type))
  const passed = args.length > 0 ? `(${args.map(({ name, type }) => `${name}: ${example(type)}`).join(', ')})` : ''
  return `${kind} { ${field.name}${passed} ${isCompositeType(getNamedType(field.type)) ? '{ __typename }' : ''} }`
}

/** Whatever gets past the guard meets a port that says so. */
const REACHED = 'a port was reached'
const contextOf = (viewer: Viewer): Context =>
  new Proxy(
    { viewer, cookies: null },
    {
      get(known: object, name) {
        if (name in known) return known[name as never]
        return new Proxy(
          {},
          {
            get: (_, method) => {
              if (name === 'audit' && method === 'refused') return async () => {}
              return () => {
                throw new Error(REACHED)
              }
            },
          },
        )
      },
    },
  ) as Context

/** The fault code, or null for who gets through. */
const outcomeOf = async (root: (typeof fields)[number], viewer: Viewer): Promise<string | null> => {
  const asked = { schema, document: parse(documentOf(root)), contextValue: contextOf(viewer) }
  const result = root.kind === 'subscription' ? await subscribe(asked) : await execute(asked)
  const error = 'errors' in result ? result.errors?.[0] : undefined
  if (!error || error.message === REACHED) return null
  return (error.cause as { code?: string } | undefined)?.code ?? error.message
}

const people = (...from: Role[]): Role[] => (from[0] ? ROLES.slice(ROLES.indexOf(from[0])) : [])

it('the matrix names every root field once', () => {
  const named = Object.values(MATRIX).flatMap(namesOf)
  expect(named.toSorted()).toEqual(fields.map(({ field }) => field.name).toSorted())
})

describe.each(fields.map((root) => [root.field.name, root] as const))('%s', (name, root) => {
  const [weakest] = Object.entries(MATRIX).find(([, names]) => namesOf(names).includes(name)) ?? ['']
  const role = ROLES.find((each) => each === weakest)
  const roles = weakest === 'ANONYMOUS' ? people('VIEWER') : people(...(role ? [role] : []))

  it.each(ROLES)('by a user or key of the role %s', async (each) => {
    const expected = roles.includes(each) ? null : 'FORBIDDEN'
    expect(await outcomeOf(root, user(each))).toBe(expected)
    expect(await outcomeOf(root, key(each))).toBe(expected)
  })

  it('by nobody known, by a machine that enrols, by an agent', async () => {
    expect(await outcomeOf(root, anonymous)).toBe(weakest === 'ANONYMOUS' ? null : 'UNAUTHENTICATED')
    expect(await outcomeOf(root, enroller)).toBe(weakest === 'ENROLLER' ? null : 'FORBIDDEN')
    expect(await outcomeOf(root, agent)).toBe(weakest === 'AGENT' ? null : 'FORBIDDEN')
  })

  it('by an administrator whose one-time password is still in use', async () => {
    const own = ['viewer', 'signIn', 'signOut', 'changePassword', 'sessions', 'revokeSession', 'revokeOtherSessions']
    const expected = own.includes(name) ? null : roles.length > 0 ? 'PASSWORD_CHANGE_REQUIRED' : 'FORBIDDEN'
    expect(await outcomeOf(root, user('ADMIN', true))).toBe(expected)
  })
})

describe('the role table', () => {
  it('gives each role all that the ones before it have', () => {
    for (const action of Object.keys(ACTIONS) as Action[]) {
      const weakest = weakestRole(action)
      for (const role of ROLES)
        expect(can({ role }, action), `${role} ${action}`).toBe(
          weakest !== undefined && lowerRole(weakest, role) === weakest,
        )
    }
  })

  it('knows the lower of two roles', () => {
    for (const [i, a] of ROLES.entries())
      for (const [j, b] of ROLES.entries()) expect(lowerRole(a, b)).toBe(ROLES[Math.min(i, j)])
  })
})
