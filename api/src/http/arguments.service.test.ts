// Every argument of every field that people may use, with values that fit its type and nothing else: each gets its answer, none meets a defect.
import { schema } from '@sindri/schema'
import {
  getNamedType,
  type GraphQLField,
  type GraphQLInputType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
} from 'graphql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestApp, type TestApp } from '../testing/app.ts'
import type { Json } from '../testing/client.ts'

let app: TestApp
let instanceId: string
beforeAll(async () => {
  app = await createTestApp()
  instanceId = (await app.makeAgent()).id
})
afterAll(() => app.close())

const ULID = '01ARZ3NDEKTSV4RRFFQ69G5FAV'
const TEXTS = [
  '',
  ' ',
  "'; drop table users; --",
  "' or '1'='1",
  '" or ""="',
  '%',
  '_',
  '\\',
  '%_\\%',
  '$1',
  '$$; select pg_sleep(9); $$',
  '\0',
  'a\0b',
  '\n\r\t\v',
  '\x1b[31mred\x1b[0m',
  '\ud800',
  'a\udfffb',
  '\u202Egnp.exe',
  '\u{1F469}\u200D\u{1F680}',
  'ﬀ ŀ K İ ß',
  '../../etc/passwd',
  '<script>alert(1)</script>',
  '{{7*7}}${7*7}#{7*7}',
  '__proto__',
  'constructor',
  'null',
  'NaN',
  '-1',
  '9'.repeat(40),
  'x'.repeat(129),
  'x'.repeat(10_000),
  'ü'.repeat(5_000),
  'ins_',
  `ins_${ULID}`,
  `usr_${ULID}`,
  `trm_${ULID} `,
  `ins_${ULID.toLowerCase()}`,
  Buffer.from('[null]').toString('base64url'),
  Buffer.from('["NAME+",null,"\\u0000"]').toString('base64url'),
  Buffer.from('["2026-11-20T18:00:00.000Z","1e9"]').toString('base64url'),
]
const VALUES: Record<string, unknown[]> = {
  String: TEXTS,
  ID: TEXTS,
  Int: [0, -1, 1, 2, 7, 86_401, 201, 2_147_483_647, -2_147_483_648],
  Boolean: [true, false],
  BigInt: [0, -1, 1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
  Bytes: ['', 'AA==', 'A'.repeat(44_000)],
  DateTime: ['0001-01-01T00:00:00Z', '0000-12-31T23:59:59Z', '1969-12-31T23:59:59Z', '9999-12-31T23:59:59-23:59'],
}

let made = 0

/** Something that fits, so that one wrong value at a time is tried. */
const fitting = (name: string, type: GraphQLInputType): unknown => {
  if (isNonNullType(type)) return fitting(name, type.ofType)
  if (isListType(type)) return [fitting(name, type.ofType)]
  if (isEnumType(type)) return type.getValues()[0]?.name
  if (isInputObjectType(type)) {
    const required = Object.values(type.getFields()).filter((field) => isNonNullType(field.type))
    return Object.fromEntries(required.map((field) => [field.name, fitting(field.name, field.type)]))
  }
  if (name === 'instanceId' || name === 'instanceIds') return instanceId
  if (name === 'id' || name === 'ids' || name === 'terminalId') return `ins_${ULID}`
  if (name === 'attachmentId') return `att_${ULID}`
  if (name === 'from') return '2026-11-20T00:00:00Z'
  if (name === 'email') return `fitting${(made += 1)}@example.org`
  return { String: 'x', ID: 'x', Int: 80, Boolean: true, BigInt: 0, Bytes: '', DateTime: '2026-11-21T00:00:00Z' }[
    getNamedType(type).name
  ]
}

/** Each wrong value at each place below `type`, the rest fitting. */
function* tries(name: string, type: GraphQLInputType): Generator<unknown> {
  if (isNonNullType(type)) yield* tries(name, type.ofType)
  else if (isListType(type)) {
    yield []
    yield Array.from({ length: 2_000 }, () => fitting(name, type.ofType))
    for (const value of tries(name, type.ofType)) yield [value]
  } else if (isInputObjectType(type)) {
    for (const field of Object.values(type.getFields()))
      for (const value of tries(field.name, field.type)) yield { ...(fitting(name, type) as Json), [field.name]: value }
  } else if (isEnumType(type)) for (const { name: value } of type.getValues()) yield value
  else yield* VALUES[type.name] ?? []
}

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

describe.each(fields)('%s', (name, kind, field) => {
  it.each(field.args.map((arg) => [arg.name, arg] as const))('takes or refuses any %s', async (_, arg) => {
    // A thousand operations a minute are everybody's own.
    const admin = await app.signedIn('ADMIN')
    const others = field.args.filter((other) => other !== arg && isNonNullType(other.type))
    const args = [arg, ...others]
    const query = `${kind} (${args.map((each) => `$${each.name}: ${String(each.type)}`).join(', ')}) {
      ${name}(${args.map((each) => `${each.name}: $${each.name}`).join(', ')}) ${isCompositeType(getNamedType(field.type)) ? '{ __typename }' : ''}
    }`
    const fit = Object.fromEntries(others.map((other) => [other.name, fitting(other.name, other.type)]))
    const values = tries(arg.name, arg.type)
    const work = async (): Promise<void> => {
      for (const value of values) {
        const { data, errors } = await admin.graphql(query, { ...fit, [arg.name]: value })
        expect(Boolean(data) || errors.length > 0).toBe(true)
        for (const { message, extensions } of errors) {
          expect(extensions.code, `${message} for ${JSON.stringify(value).slice(0, 100)}`).toMatch(
            /^(BAD_INPUT|NOT_FOUND|FORBIDDEN|CONFLICT|LIMIT_REACHED|AGENT_OFFLINE|TERMINAL_CLOSED)$/,
          )
          expect(message.length).toBeLessThan(600)
        }
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
  })
})

it('all of this left no defect in the log, and every table where it was', async () => {
  expect(app.log.filter(({ level }) => level === 'error')).toEqual([])
  expect((await app.db.query('select 1 from users')).length).toBeGreaterThan(10)
  expect(await app.db.query('select 1 from instances where deleted_at is null')).toHaveLength(1)
})
