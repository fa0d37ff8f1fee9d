// Every argument of every field that people may use, with values that fit its type and nothing else: each gets its answer, none meets a defect.
import { schema } from '@sindri/schema'
import { getNamedType, type GraphQLArgument, type GraphQLField, isCompositeType, isNonNullType } from 'graphql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestApp, type TestApp } from '../testing/app.ts'
import type { Json } from '../testing/client.ts'
import { openRawSocket } from '../testing/rawSocket.ts'
import { fitting, tries } from '../testing/tries.ts'

let app: TestApp
let known: Json
let machine: Json
beforeAll(async () => {
  app = await createTestApp({ env: { enrolRate: 1_000_000 } })
  const { id, registration } = await app.makeAgent()
  machine = registration
  known = { instanceId: id, instanceIds: id }
})
afterAll(() => app.close())

const PEOPLE = /^(account|instance|metric|event|terminal|takeover|enrolment|key|user|audit)\./
/** Those of sign-in and passwords have tests of their own: each try costs a quarter of a second on purpose. */
const SLOW = new Set(['signIn', 'changePassword', 'signOut'])
const fields = [schema.getQueryType(), schema.getMutationType()].flatMap((root) =>
  Object.values(root?.getFields() ?? {})
    .filter(
      ({ name, args, extensions }) => PEOPLE.test(String(extensions['can'])) && args.length > 0 && !SLOW.has(name),
    )
    .map((field) => [field.name, root?.name.toLowerCase() ?? '', field as GraphQLField<unknown, unknown>] as const),
)

const AT_ONCE = 8

const queryOf = (kind: string, { name, args, type }: GraphQLField<unknown, unknown>): string => {
  const declared = args.map((each) => `$${each.name}: ${String(each.type)}`).join(', ')
  const passed = args.map((each) => `${each.name}: $${each.name}`).join(', ')
  return `${kind} (${declared}) { ${name}(${passed}) ${isCompositeType(getNamedType(type)) ? '{ __typename }' : ''} }`
}

/** For each wrong value of one argument: the variables, the others fitting. */
function* variablesFor({ args }: GraphQLField<unknown, unknown>, wrong: GraphQLArgument, facts: Json): Generator<Json> {
  const others = args.filter((other) => other !== wrong && isNonNullType(other.type))
  for (const value of tries(wrong.name, wrong.type, facts)) {
    const fit = Object.fromEntries(others.map((other) => [other.name, fitting(other.name, other.type, facts)]))
    yield { ...fit, [wrong.name]: value }
  }
}

const FAULTS =
  /^(BAD_INPUT|NOT_FOUND|FORBIDDEN|CONFLICT|LIMIT_REACHED|AGENT_OFFLINE|TERMINAL_CLOSED|TOKEN_REJECTED|CLOCK|TOO_LARGE|INSTANCE_EXISTS)$/
const expectFault = (code: string, message: string, variables: Json): void => {
  expect(code, `${message} for ${JSON.stringify(variables).slice(0, 200)}`).toMatch(FAULTS)
  expect(message.length).toBeLessThan(600)
}
const inTurns = async (all: Iterable<Json>, one: (variables: Json) => Promise<void>): Promise<void> => {
  const waiting = Iterator.from(all)
  const work = async (): Promise<void> => {
    for (const variables of waiting) await one(variables)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
}

describe.each(fields)('%s', (name, kind, field) => {
  it.each(field.args.map((arg) => [arg.name, arg] as const))('takes or refuses any %s', async (_, arg) => {
    // A thousand operations a minute are everybody's own.
    const admin = await app.signedIn('ADMIN')
    await inTurns(variablesFor(field, arg, known), async (variables) => {
      const { data, errors } = await admin.graphql(queryOf(kind, field), variables)
      expect(Boolean(data) || errors.length > 0).toBe(true)
      for (const { message, extensions } of errors) expectFault(extensions.code, message, variables)
    })
  })
})

const ofAgents = Object.values(schema.getMutationType()?.getFields() ?? {})
  .filter(({ extensions }) => extensions['can'] === 'agent.report')
  .map((field) => [field.name, field as GraphQLField<unknown, unknown>] as const)

describe.each(ofAgents)('%s of an agent', (_, field) => {
  it.each(field.args.map((arg) => [arg.name, arg] as const))('takes or refuses any %s', async (__, arg) => {
    const agent = await app.makeAgent()
    const link = await agent.link()
    const at = new Date().toISOString()
    const facts = { run: agent.run, seq: 1, at, from: at, to: at, type: 'BACKUP', uptimeSeconds: 1, intervalMs: 10_000 }
    await inTurns(variablesFor(field, arg, facts), async (variables) => {
      const problem = await link.ask(queryOf('mutation', field), variables).then(
        () => null,
        (error: Error) => error.message,
      )
      if (problem !== null) expectFault(problem.split(':')[0] ?? '', problem, variables)
    })
    // Its link and all the others live.
    const { heartbeat } = await link.ask('mutation { heartbeat(input: { uptimeSeconds: 1, intervalMs: 10000 }) }')
    expect(heartbeat).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    await link.close()
  })
})

it('registerInstance takes or refuses any input', async () => {
  const field = schema.getMutationType()?.getFields()['registerInstance'] as GraphQLField<unknown, unknown>
  const holder = app.client({ key: app.enrolSecret })
  await inTurns(variablesFor(field, field.args[0] as GraphQLArgument, machine), async (variables) => {
    const { errors } = await holder.graphql(queryOf('mutation', field), variables)
    for (const { message, extensions } of errors) expectFault(extensions.code, message, variables)
  })
})

const subscriptions = Object.values(schema.getSubscriptionType()?.getFields() ?? {})
  .filter(({ args }) => args.length > 0)
  .map((field) => [field.name, field as GraphQLField<unknown, unknown>] as const)

it.each(subscriptions)('a subscription to %s takes or refuses any argument', async (_, field) => {
  const admin = await app.signedIn('ADMIN')
  const socket = await openRawSocket(app.url, { headers: { cookie: admin.headers.cookie ?? '', origin: app.url } })
  await socket.init()
  let id = 0
  for (const arg of field.args)
    for (const variables of variablesFor(field, arg, known)) {
      id += 1
      socket.send({ id: `${id}`, type: 'subscribe', payload: { query: queryOf('subscription', field), variables } })
      socket.send({ id: `${id}`, type: 'complete' })
      // One at a time: more than two hundred at once are refused as such.
      socket.send({ id: `done${id}`, type: 'subscribe', payload: { query: '{ __typename }' } })
      for (let message = await socket.next(); message.id !== `done${id}` || message.type !== 'complete';) {
        for (const error of [message.payload?.errors ?? []].flat())
          expectFault(error.extensions.code, error.message, variables)
        message = await socket.next()
      }
    }
  expect(id).toBeGreaterThan(30)
  socket.ws.close()
})

it('all of this left no defect in the log, and every table where it was', async () => {
  expect(app.log.filter(({ level }) => level === 'error')).toEqual([])
  expect((await app.db.query('select 1 from users')).length).toBeGreaterThan(10)
  expect((await app.db.query('select 1 from instances where deleted_at is null')).length).toBeGreaterThan(10)
})
