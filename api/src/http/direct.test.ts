import { schema } from '@sindri/schema'
import fc from 'fast-check'
import {
  execute,
  type ExecutionResult,
  executeSubscriptionEvent,
  type GraphQLInputType,
  isEnumType,
  isInputObjectType,
  isInputType,
  isListType,
  isNonNullType,
  Kind,
  type OperationDefinitionNode,
  parse,
  typeFromAST,
  validateSubscriptionArgs,
} from 'graphql'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { toDirect } from './direct.ts'
import { textOf } from './frames.ts'

const at = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')
const agents = parse(at('e2e/wire/1.1.graphql'))
const terminals = parse(at('web/src/terminals/attach.graphql').split('\nquery ')[0] ?? '')
const operationsOf = (document: typeof agents, kind: string): string[] =>
  document.definitions.flatMap((node) =>
    node.kind === Kind.OPERATION_DEFINITION && node.operation === kind && node.name ? [node.name.value] : [],
  )

/** What a caller may send for a type; now and then what does not fit it. */
const given = (type: GraphQLInputType, depth = 0): fc.Arbitrary<unknown> => {
  const odd = fc.constantFrom<unknown>(null, '', 'a', -1, 0.5, true, [], {}, ['a'], { unknown: 1 })
  const some = (arbitrary: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
    fc.oneof({ weight: 60, arbitrary }, { weight: 1, arbitrary: odd })
  if (isNonNullType(type)) return given(type.ofType, depth)
  if (isListType(type)) return some(fc.array(given(type.ofType, depth + 1), { maxLength: 3 }))
  if (isEnumType(type)) return some(fc.constantFrom(...type.getValues().map(({ name }) => name)))
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields())
    // Nested in what is nested, optional members say nothing new.
    const kept = fields.filter((field) => depth < 4 || isNonNullType(field.type))
    const requiredKeys = kept.filter((field) => isNonNullType(field.type)).map(({ name }) => name)
    const members = Object.fromEntries(kept.map((field) => [field.name, given(field.type, depth + 1)]))
    return some(fc.record(members, { requiredKeys }))
  }
  const leaves: Record<string, fc.Arbitrary<unknown>> = {
    Int: fc.integer({ min: -10, max: 2 ** 31 }),
    Float: fc.double({ noNaN: true, noDefaultInfinity: true }),
    Boolean: fc.boolean(),
    BigInt: fc.oneof(fc.integer(), fc.constantFrom<unknown>(2 ** 53, '12', '-')),
    Bytes: fc.constantFrom('', 'AA==', 'YWJj', 'abc', '"aa"'),
    DateTime: fc.constantFrom('2026-11-20T18:00:00Z', '2026-02-30T18:00:00Z'),
    ID: fc.oneof(fc.string(), fc.integer()),
  }
  return some(leaves[type.name] ?? fc.oneof(fc.string(), fc.integer()))
}

const variablesOf = (document: typeof agents, name: string): fc.Arbitrary<Record<string, unknown>> => {
  const operation = document.definitions.find(
    (node) => node.kind === Kind.OPERATION_DEFINITION && node.name?.value === name,
  ) as OperationDefinitionNode
  const declared = operation.variableDefinitions ?? []
  const members = declared.map(({ variable, type }) => {
    const input = typeFromAST(schema, type)
    if (!isInputType(input)) throw new Error(`expected an input, got ${String(input)}`)
    return [variable.name.value, fc.option(given(input), { nil: undefined, freq: 30 })] as const
  })
  return fc.record(Object.fromEntries(members))
}

/** Every port notes what it is called with, and answers or throws as it was told. */
const contextOf = (kind: 'agent' | 'user', outcome: { value: unknown } | { error: Error }) => {
  const calls: unknown[] = []
  const port = new Proxy(
    {},
    {
      get:
        (_, method) =>
        async (...args: unknown[]) => {
          calls.push([String(method), ...args])
          if ('error' in outcome) throw outcome.error
          return outcome.value
        },
    },
  )
  const role = kind === 'agent' ? 'AGENT' : 'ADMIN'
  const viewer = { kind, role, id: 'x', name: 'x', mustChangePassword: false }
  const own: Record<string, unknown> = { viewer }
  const context = new Proxy(own, { get: (_, name: string) => own[name] ?? port })
  return { context, calls }
}
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

const PLAIN = ['PublishSamples', 'PublishTerminalFrames', 'SendTerminalInput', 'AckTerminalOutput', 'ResizeTerminal']

describe.each([
  { who: 'agent', document: agents },
  { who: 'user', document: terminals },
] as const)('a mutation of an $who', ({ who, document }) => {
  it.each(operationsOf(document, 'mutation'))(
    '%s gets and answers what graphql-js makes of it',
    async (operationName) => {
      const direct = toDirect(schema, document, operationName)
      if (PLAIN.includes(operationName)) expect(direct).toBeDefined()
      const outcomes = fc.oneof(
        fc.constantFrom(true, false, null, undefined, 'a', ['STORED'], new Date(0)).map((value) => ({ value })),
        fc
          .record({
            outcomes: fc.array(fc.constantFrom('STORED', 'REFUSED', 'x')),
            refusals: fc.constantFrom(
              [],
              [{ index: 0, code: 'CLOCK', field: 'at', expected: 'é"\n', got: null }],
              null,
            ),
          })
          .map((value) => ({ value })),
        fc.constant({ error: new Error('it failed') }),
      )
      let done = 0
      await fc.assert(
        fc.asyncProperty(variablesOf(document, operationName), outcomes, async (variableValues, outcome) => {
          const here = contextOf(who, outcome)
          const answer = await direct?.perform(variableValues, here.context)
          // What does not fit is left alone, and graphql-js finds the words.
          if (!answer) {
            expect(here.calls).toEqual([])
            return
          }
          const there = contextOf(who, outcome)
          const expected = await execute({
            schema,
            document,
            operationName,
            variableValues,
            contextValue: there.context,
          })
          done += 1
          expect(plain(here.calls)).toEqual(plain(there.calls))
          // Where a value of ours fits no type the words differ, and nobody outside reads them.
          if (expected.errors && 'value' in outcome) expect(answer.errors?.length).toBeGreaterThan(0)
          else if (expected.errors) expect(plain(answer)).toEqual(plain(expected))
          else expect(textOf(answer)).toBe(JSON.stringify(expected))
        }),
        { numRuns: 200 },
      )
      if (PLAIN.includes(operationName)) expect(done).toBeGreaterThan(0)
    },
  )
})

describe.each([
  { operationName: 'TerminalOutput', document: terminals, whole: true },
  { operationName: 'OrdersWithCommands', document: agents, whole: false },
  { operationName: 'Orders', document: agents, whole: false },
])('an event of $operationName', ({ operationName, document, whole }) => {
  const size = { cols: fc.integer({ min: 2, max: 900 }), rows: fc.integer({ min: 1, max: 300 }) }
  const id = fc.string()
  const offset = fc.nat()
  const record = <T extends Record<string, fc.Arbitrary<unknown>>>(kind: string, members: T) =>
    fc.record({ kind: fc.constant(kind), ...members })
  const frames = [
    record('output', { offset, data: fc.base64String(), replay: fc.boolean() }),
    record('resized', { offset, ...size, replay: fc.boolean() }),
    record('lost', { from: offset, to: offset }),
    record('joined', { offset, ...size }),
    record('beacon', {
      outputHead: offset,
      inputAcks: fc.array(fc.record({ writer: id, offset })),
      governor: fc.option(id),
      ...size,
    }),
    record('closed', {
      finalOffset: fc.option(offset),
      exitCode: fc.option(fc.nat(255)),
      signal: fc.option(id),
      reason: fc.constantFrom('EXITED', 'ENDED'),
      by: fc.option(id),
    }),
  ]
  const orders = [
    record('terminalInput', { terminalId: id, writer: id, offset, data: fc.base64String() }),
    record('terminalAck', { terminalId: id, attachmentId: id, offset }),
    record('terminalAttach', { terminalId: id, attachmentId: id, from: fc.option(offset), ...size }),
    record('terminalOpen', {
      terminalId: id,
      ...size,
      shell: fc.option(id),
      cwd: fc.option(id),
      env: fc.array(fc.record({ name: id, value: id })),
      deadline: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }),
    }),
  ]
  const spoil = fc.constantFrom<Record<string, unknown>>(
    { offset: null },
    { cols: 'x' },
    { kind: 'other' },
    { data: 1 },
  )
  const variableValues = { terminalId: 'trm', attachmentId: 'att', cols: 80, rows: 24 }
  const answerOf = async (event: unknown): Promise<ExecutionResult> => {
    const validated = validateSubscriptionArgs({ schema, document, operationName, variableValues })
    if (!('schema' in validated)) throw new Error('expected a subscription')
    return executeSubscriptionEvent({ ...validated, rootValue: event, contextValue: undefined })
  }
  const direct = toDirect(schema, document, operationName)

  it('is shown as graphql-js shows it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(...(whole ? frames : orders)), async (event) => {
        const expected = await answerOf(event)
        expect(expected.errors).toBeUndefined()
        expect(direct && textOf(direct.show(event))).toBe(JSON.stringify(expected))
      }),
      { numRuns: 300 },
    )
  })

  it('is not shown where something of it does not fit', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(...(whole ? frames : orders)), spoil, async (event, change) => {
        const spoilt = { ...event, ...change }
        let text: string | undefined
        try {
          text = direct && textOf(direct.show(spoilt))
        } catch {
          return
        }
        expect(text).toBe(JSON.stringify(await answerOf(spoilt)))
      }),
      { numRuns: 300 },
    )
  })
})

describe('what is not plain', () => {
  it.each([
    ['a query', '{ viewer { __typename } }'],
    ['two fields', 'mutation { a: reportCommands(ids: []) b: reportCommands(ids: []) }'],
    ['an argument that is written out', 'mutation { claimCommand(id: "a") }'],
    ['a variable with a value of its own', 'mutation ($id: ID! = "a") { claimCommand(id: $id) }'],
    ['a directive', 'mutation ($id: ID!) { claimCommand(id: $id) @skip(if: false) }'],
    ['a directive deep inside', 'subscription { orders { __typename @skip(if: true) } }'],
    ['an answer that is computed', 'mutation ($id: ID!) { endTerminal(id: $id) { __typename instance { id } } }'],
  ])('%s is left to graphql-js', (_, text) => {
    expect(toDirect(schema, parse(text), undefined)).toBeUndefined()
  })
})
