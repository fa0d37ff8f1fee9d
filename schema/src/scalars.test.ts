// Our scalars let in what they promise, written down or as a variable, and nothing else.
import fc from 'fast-check'
import { coerceInputLiteral, type GraphQLScalarType, parseConstValue } from 'graphql'
import { describe, expect, it } from 'vitest'
import { schema } from './index.ts'

const scalar = (name: string): GraphQLScalarType => schema.getType(name) as GraphQLScalarType
const readerOf =
  (name: string) =>
  (value: unknown): unknown =>
    scalar(name).coerceInputValue(value)
const huge = 'x'.repeat(100_000)

describe('DateTime', () => {
  const read = readerOf('DateTime')

  it.each([
    ['2026-11-20T18:00:00Z', '2026-11-20T18:00:00.000Z'],
    ['2026-11-20T18:00:00.123456789+01:30', '2026-11-20T16:30:00.123Z'],
    ['2024-02-29T23:59:59-11:00', '2024-03-01T10:59:59.000Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ])('takes %s', (text, iso) => {
    expect((read(text) as Date).toISOString()).toBe(iso)
  })

  it.each([
    '',
    'now',
    '2026-11-20',
    '18:00:00Z',
    '2026-11-20T18:00:00',
    '2026-11-20 18:00:00Z',
    '2026-11-20T18:00Z',
    '2026-11-20T18:00:00z',
    '2026-11-20T24:00:00Z',
    '2026-11-20T18:60:00Z',
    '2026-11-20T18:00:60Z',
    '2026-13-01T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-02-30T00:00:00Z',
    '2025-02-29T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-11-00T00:00:00Z',
    '2026-11-20T18:00:00+24:00',
    '2026-11-20T18:00:00+1',
    '2026-11-20T18:00:00.Z',
    '2026-11-20T18:00:00.1234567890Z',
    '+010000-01-01T00:00:00Z',
    '-000001-01-01T00:00:00Z',
    '2026-11-20T18:00:00Z\0',
    ' 2026-11-20T18:00:00Z',
    '２０２６-11-20T18:00:00Z',
    1_700_000_000_000,
    Number.NaN,
    true,
    [],
    {},
    huge,
  ])('refuses %j', (value) => {
    expect(() => read(value)).toThrow(/^DateTime: expected an RFC 3339 time/)
  })
})

describe('Bytes', () => {
  const read = readerOf('Bytes')

  it.each(['', 'AA==', 'AAA=', 'AAAA', '+/+/'])('takes %j', (text) => {
    expect(read(text)).toBe(text)
  })

  it.each([
    'A',
    'AA',
    'AAA',
    'A===',
    'AA=A',
    '====',
    '=AAA',
    'AA==AAAA',
    '_-_-',
    'AAA\n',
    'A A=',
    'ÄÄÄÄ',
    'AAA\0',
    7,
    null,
    [],
    ['AAAA'],
    {},
  ])('refuses %j', (value) => {
    expect(() => read(value)).toThrow(/^Bytes: expected base64/)
  })

  it('looks at the whole of a long one', () => {
    const long = 'QUJD'.repeat(50_000)
    expect(read(long)).toBe(long)
    for (const spoilt of [`${long.slice(0, -1)}-`, `${long.slice(0, -1)} `])
      expect(() => read(spoilt)).toThrow(/^Bytes: expected base64/)
  })

  it('takes what the pattern says, and nothing else', () => {
    const pattern = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
    const text = fc.oneof(
      fc.base64String(),
      fc
        .array(fc.constantFrom('A', 'z', '9', '+', '/', '=', '=', '-', ' ', '\n', '\t', '_', 'é', '\0'), {
          maxLength: 12,
        })
        .map((signs) => signs.join('')),
    )
    fc.assert(
      fc.property(text, (value) => {
        if (pattern.test(value)) expect(read(value)).toBe(value)
        else expect(() => read(value)).toThrow(/^Bytes: expected base64/)
      }),
      { numRuns: 5_000 },
    )
  })
})

describe('BigInt', () => {
  const read = readerOf('BigInt')

  it.each([
    [0, 0],
    [-5, -5],
    ['42', 42],
    [Number.MAX_SAFE_INTEGER, 9007199254740991],
    ['-9007199254740991', -9007199254740991],
  ])('takes %j', (value, number) => {
    expect(read(value)).toBe(number)
  })

  it.each([
    '',
    ' 1',
    '1e3',
    '0x10',
    '+1',
    '1.0',
    '--1',
    '9007199254740992',
    '1'.repeat(17),
    '1_000',
    '１',
    1.5,
    2 ** 53,
    Infinity,
    Number.NaN,
    true,
    null,
    [],
    [1],
    {},
    huge,
  ])('refuses %j', (value) => {
    expect(() => read(value)).toThrow(/^BigInt: expected an integer/)
  })
})

it('a value written down in the document is judged as a variable is', () => {
  const literal = (name: string, text: string): unknown => coerceInputLiteral(parseConstValue(text), scalar(name))
  expect(literal('BigInt', '"42"')).toBe(42)
  expect(literal('JSON', '{ a: [1, "x", null, true] }')).toEqual({ a: [1, 'x', null, true] })
  for (const [name, text] of [
    ['DateTime', '"now"'],
    ['DateTime', 'TODAY'],
    ['Bytes', '"A"'],
    ['BigInt', '1.5'],
    ['BigInt', '[1]'],
  ] as const)
    expect(literal(name, text)).toBeUndefined()
})

it('what is refused is shown, and shortly', () => {
  for (const name of ['DateTime', 'Bytes', 'BigInt']) expect(() => readerOf(name)(`${huge}!`)).toThrow(/^.{10,200}$/)
})
