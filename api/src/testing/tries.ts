// Values that fit the type of an argument and nothing else: one at a time, at every place below it.
import { getNamedType, type GraphQLInputType, isEnumType, isInputObjectType, isListType, isNonNullType } from 'graphql'
import type { Json } from './client.ts'

const ULID = '01ARZ3NDEKTSV4RRFFQ69G5FAV'
const TEXTS = [
  '',
  ' ',
  "'; drop table users; --",
  '%',
  '_',
  '%_\\%',
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
  '__proto__',
  'constructor',
  'null',
  '9'.repeat(40),
  'x'.repeat(129),
  'x'.repeat(10_000),
  'ins_',
  `ins_${ULID}`,
  `usr_${ULID}`,
  `trm_${ULID} `,
  `ins_${ULID.toLowerCase()}`,
  Buffer.from('[null]').toString('base64url'),
  Buffer.from('["NAME+",null,"\\u0000"]').toString('base64url'),
  Buffer.from('["2026-11-20T18:00:00.000Z","1e9"]').toString('base64url'),
]
const DEEP: unknown = JSON.parse('['.repeat(500) + ']'.repeat(500))
const VALUES: Record<string, unknown[]> = {
  String: TEXTS,
  ID: TEXTS,
  Int: [0, -1, 1, 2, 7, 86_401, 201, 2_147_483_647, -2_147_483_648],
  Float: [0, -1, 90.1, -180.5, 1e308, -1e308],
  Figure: [0, -1, 1.5, 2 ** 31, 2 ** 53, 1e308, 'x', true, {}, [], [[]], { a: { b: 1 } }, TEXTS],
  JSON: [
    0,
    'x',
    '2026-11-20',
    '1970-01-01T00:00:00Z',
    '9999-12-31T23:59:59Z',
    true,
    {},
    [],
    { toString: 1 },
    TEXTS,
    DEEP,
  ],
  Boolean: [true, false],
  BigInt: [0, -1, 1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
  Bytes: ['', 'AA==', 'A'.repeat(44_000)],
  DateTime: ['0001-01-01T00:00:00Z', '0000-12-31T23:59:59Z', '1969-12-31T23:59:59Z', '9999-12-31T23:59:59-23:59'],
}

let made = 0

/** Something that fits, so that one wrong value at a time is tried. */
export const fitting = (name: string, type: GraphQLInputType, known: Json): unknown => {
  if (isNonNullType(type)) return fitting(name, type.ofType, known)
  if (isListType(type)) return [fitting(name, type.ofType, known)]
  if (isEnumType(type)) return type.getValues()[0]?.name
  if (isInputObjectType(type)) {
    const required = Object.values(type.getFields()).filter((field) => isNonNullType(field.type))
    return Object.fromEntries(required.map((field) => [field.name, fitting(field.name, field.type, known)]))
  }
  if (name in known) return known[name]
  if (name === 'id' || name === 'ids' || name === 'terminalId') return `ins_${ULID}`
  if (name === 'attachmentId') return `att_${ULID}`
  if (name === 'from') return '2026-11-20T00:00:00Z'
  if (name === 'email') return `fitting${(made += 1)}@example.org`
  return {
    String: 'x',
    ID: 'x',
    Int: 80,
    Float: 1,
    Figure: 1,
    JSON: {},
    Boolean: true,
    BigInt: 0,
    Bytes: '',
    DateTime: '2026-11-21T00:00:00Z',
  }[getNamedType(type).name]
}

/** Each wrong value at each place below `type`, the rest fitting. */
export function* tries(name: string, type: GraphQLInputType, known: Json = {}): Generator<unknown> {
  if (isNonNullType(type)) yield* tries(name, type.ofType, known)
  else if (isListType(type)) {
    yield []
    yield Array.from({ length: 2_000 }, () => fitting(name, type.ofType, known))
    for (const value of tries(name, type.ofType, known)) yield [value]
  } else if (isInputObjectType(type)) {
    for (const field of Object.values(type.getFields()))
      for (const value of tries(field.name, field.type, known))
        yield { ...(fitting(name, type, known) as Json), [field.name]: value }
  } else if (isEnumType(type)) for (const { name: value } of type.getValues()) yield value
  else yield* VALUES[type.name] ?? []
}
