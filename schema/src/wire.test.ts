// An agent that was released keeps working: what each minor version sends and asks for is kept in e2e/wire, and today's schema takes it.
import { readdirSync, readFileSync } from 'node:fs'
import {
  buildSchema,
  type DocumentNode,
  getNamedType,
  getVariableValues,
  type GraphQLSchema,
  isInputObjectType,
  isNonNullType,
  Kind,
  lexicographicSortSchema,
  type OperationDefinitionNode,
  parse,
  print,
  printSchema,
  typeFromAST,
  validate,
} from 'graphql'
import { describe, expect, it } from 'vitest'
import { ADDED_IN_MINOR, PROTOCOL, SINCE_MINOR } from './contract/protocol.ts'
import { schema } from './index.ts'

type Variables = Record<string, Record<string, unknown>>

const folder = new URL('../../e2e/wire/', import.meta.url)
const minors = readdirSync(folder)
  .filter((name) => name.endsWith('.graphql'))
  .map((name) => name.replace('.graphql', ''))
const read = (name: string): string => readFileSync(new URL(name, folder), 'utf8')
const documentOf = (minor: string): DocumentNode => parse(read(`${minor}.graphql`))
const variablesOf = (minor: string): Variables => JSON.parse(read(`${minor}.json`)) as Variables

const operationsOf = (document: DocumentNode): OperationDefinitionNode[] =>
  document.definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION)

/** Why today's schema does not take what was sent then. */
const troubles = (against: GraphQLSchema, document: DocumentNode, variables: Variables): string[] => [
  ...validate(against, document).map(({ message }) => message),
  ...operationsOf(document).flatMap((operation) => {
    const name = operation.name?.value ?? ''
    const { errors } = getVariableValues(against, operation.variableDefinitions ?? [], variables[name] ?? {})
    return (errors ?? []).map(({ message }) => `${name}: ${message}`)
  }),
]

/** "Type.field" of each input field that agents can send, and of these the ones that `variables` sends. */
const inputsOf = (document: DocumentNode, variables: Variables): { known: Set<string>; sent: Set<string> } => {
  const known = new Set<string>()
  const sent = new Set<string>()
  const visit = (named: unknown, value: unknown): void => {
    if (!isInputObjectType(named)) return
    for (const field of Object.values(named.getFields())) {
      const path = `${named.name}.${field.name}`
      const fresh = !known.has(path)
      known.add(path)
      const values = [value].flat().flatMap((one) => {
        if (typeof one !== 'object' || one === null || !(field.name in one)) return []
        sent.add(path)
        return [(one as Record<string, unknown>)[field.name]].flat()
      })
      for (const each of values) visit(getNamedType(field.type), each)
      if (fresh && values.length === 0) visit(getNamedType(field.type), undefined)
    }
  }
  for (const { name, variableDefinitions = [] } of operationsOf(document))
    for (const { variable, type } of variableDefinitions) {
      const input = typeFromAST(schema, type as never)
      visit(input && getNamedType(input as never), variables[name?.value ?? '']?.[variable.name.value])
    }
  return { known, sent }
}

it('every minor of this major is kept', () => {
  const spoken = Array.from({ length: PROTOCOL.minor + 1 }, (_, minor) => `${PROTOCOL.major}.${minor}`)
  expect(minors.toSorted()).toEqual(spoken.toSorted())
})

it("the newest is what today's agent sends and asks for", () => {
  const agent = new URL('../../agent/src/link/', import.meta.url)
  const files = readdirSync(agent).filter((name) => name.endsWith('.graphql'))
  const printed = (document: DocumentNode): string[] => document.definitions.map((node) => print(node)).sort()
  const today = files.flatMap((name) => printed(parse(readFileSync(new URL(name, agent), 'utf8'))))
  expect(printed(documentOf(`${PROTOCOL.major}.${PROTOCOL.minor}`))).toEqual(today.sort())
})

describe.each(minors)('an agent of %s', (minor) => {
  it('is understood: its documents are valid, and so is all that it sends', () => {
    expect(troubles(schema, documentOf(minor), variablesOf(minor))).toEqual([])
  })

  it('has an example of everything it sends, and every field beyond says since when it is there', () => {
    const { known, sent } = inputsOf(documentOf(minor), variablesOf(minor))
    const since = Number(minor.split('.')[1])
    const later = [...known].filter((path) => (ADDED_IN_MINOR[path] ?? 0) > since)
    expect([...known].filter((path) => !sent.has(path)).sort()).toEqual(later.sort())
  })
})

it('fields that were added are optional, of this schema, and of a minor that is spoken', () => {
  for (const [path, minor] of Object.entries(ADDED_IN_MINOR)) {
    const [type = '', field = ''] = path.split('.')
    const input = schema.getType(type)
    const found = isInputObjectType(input) ? input.getFields()[field] : undefined
    expect(found, path).toBeDefined()
    expect(isNonNullType(found?.type), path).toBe(false)
    expect(minor, path).toBeLessThanOrEqual(PROTOCOL.minor)
  }
})

it.each(Object.entries(SINCE_MINOR))('agents speak of %s since 1.%i', (what, since) => {
  const speaking = minors.filter((minor) => read(`${minor}.graphql`).toLowerCase().includes(what))
  expect(speaking).toEqual(minors.filter((minor) => Number(minor.split('.')[1]) >= since))
  expect(speaking).not.toEqual([])
})

describe('what would leave agents behind is found', () => {
  const sdl = printSchema(lexicographicSortSchema(schema)).replaceAll(/^ *"""[\s\S]*?"""\n/gm, '')
  const changed = (from: RegExp, to: string): GraphQLSchema => {
    expect(sdl).toMatch(from)
    return buildSchema(sdl.replace(from, to))
  }
  it.each([
    ['a field that went', /(input CpuInput \{[^}]*?)\n {2}stealPercent: Figure/, '$1'],
    [
      'a field that is required now',
      /(input CpuInput \{[^}]*?\n {2}stealPercent: Figure)/,
      '$1!\n  gpuPercent: Figure!',
    ],
    ['a selection that went', /(type PublishAnswer \{[^}]*?)\n {2}refusals: \[Refusal!\]!/, '$1'],
    ['an argument of another type', /publishGaps\(\s*records: \[MetricGapInput\]!/, 'publishGaps(records: [String]!'],
    ['an order that went', /union Order = ([^\n]*?)SampleFasterOrder \| /, 'union Order = $1'],
    ['a value of an enum that went', /(enum TerminalCloseReason \{[^}]*?)\n {2}EXITED/, '$1'],
  ])('%s', (_, from, to) => {
    expect(troubles(changed(from, to), documentOf('1.0'), variablesOf('1.0')).length).toBeGreaterThan(0)
  })
})
