// Documents are read once, and refused before they can cost anything.
import { schema } from '@sindri/schema'
import { getIntrospectionQuery } from 'graphql'
import { describe, expect, it } from 'vitest'
import { createDocuments, DOCUMENT_LIMITS, operationOf, Refused } from './documents.ts'

const documents = createDocuments(schema)
const refusalOf = (query: string): Refused => {
  try {
    documents.prepare(query)
  } catch (error) {
    if (error instanceof Refused) return error
    throw error
  }
  throw new Error('Expected a refusal, got none.')
}

describe('a document', () => {
  it('is parsed and validated once', () => {
    const first = documents.prepare('{ viewer { name } }')
    expect(documents.prepare('{ viewer { name } }')).toBe(first)
    expect(refusalOf('{ nothing }')).toBe(refusalOf('{ nothing }'))
  })

  it('tells its root fields by their own names, through fragments and aliases', () => {
    const { operations } = documents.prepare(
      'mutation A { x: sendTerminalInput(terminalId: "t", attachmentId: "a", offset: 0, data: "") ...F } fragment F on Mutation { y: signOut z: signOut }',
    )
    expect(operations).toEqual([{ name: 'A', type: 'mutation', roots: ['sendTerminalInput', 'signOut'], acts: 3 }])
  })

  it('with several operations needs the name of one', () => {
    const prepared = documents.prepare('query A { viewer { name } } query B { viewer { role } }')
    expect(operationOf(prepared, 'B')).toMatchObject({ name: 'B' })
    expect(() => operationOf(prepared, null)).toThrow('2 operations, got none')
    expect(() => operationOf(prepared, 'C')).toThrow('got "C"')
  })

  it('that asks for the schema is known as such', () => {
    expect(documents.prepare('{ __schema { queryType { name } } }').introspects).toBe(true)
    expect(documents.prepare('{ __typename viewer { __typename } }').introspects).toBe(false)
  })

  it('does not hint at names to those who guess', () => {
    expect(refusalOf('{ viewr { name } }').message).toBe('Cannot query field "viewr" on type "Query".')
  })

  it('that asks for the whole schema, as tools do, passes', () => {
    expect(documents.prepare(getIntrospectionQuery({ inputValueDeprecation: true, oneOf: true })).introspects).toBe(
      true,
    )
  })

  it('that asks for whole pages of an ordinary screen passes', () => {
    const { operations } = documents.prepare(
      'query ($n: Int) { instances(first: $n) { edges { cursor node { id name status tags { key value } hostname } } pageInfo { hasNextPage endCursor } totalCount } }',
    )
    expect(operations[0]?.roots).toEqual(['instances'])
  })
})

describe('what is too complex is refused as such', () => {
  const nested = (levels: number): string =>
    '{ instances { edges { node '.concat('{ id ', '... on Instance { id '.repeat(levels), '}'.repeat(levels), '} } } }')

  it.each([
    ['depth', `{ ${'a { '.repeat(DOCUMENT_LIMITS.depth)} b ${'} '.repeat(DOCUMENT_LIMITS.depth)} }`, 'levels'],
    [
      'aliases',
      `{ ${Array.from({ length: DOCUMENT_LIMITS.aliases + 1 }, (_, i) => `a${i}: viewer { name }`).join(' ')} }`,
      'aliases',
    ],
    ['cost', `{ instances(first: 200) { edges { node { ${'id '.repeat(260)} } } } }`, 'fields to answer'],
    ['tokens', `{ ${'viewer { name } '.repeat(DOCUMENT_LIMITS.tokens / 4)} }`, 'more than 4000 tokens'],
    [
      'an introspection bomb',
      `{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }`,
      'fields to answer',
    ],
    ['a list deeper than the stack', `{ instances(search: ${'['.repeat(3_990)}`, 'levels'],
    [
      'the whole schema three times',
      getIntrospectionQuery().replace(
        /__schema (?=\{)/,
        '...Again more: __schema { types { ...FullType } } again: __schema ',
      ) + ' fragment Again on Query { __schema { types { ...FullType } } }',
      'fields to answer',
    ],
  ])('%s', (_, query, says) => {
    expect(refusalOf(query).message).toContain(says)
  })

  it('inline fragments add no depth of their own', () => {
    expect(documents.prepare(nested(30)).introspects).toBe(false)
  })

  it('fragments that double each other are measured in the time of their text', () => {
    const chain = Array.from({ length: 40 }, (_, i) => `fragment F${i} on Viewer { ...F${i + 1} ...F${i + 1} }`).join(
      ' ',
    )
    const refused = refusalOf(`{ viewer { ...F0 } } ${chain} fragment F40 on Viewer { name }`)
    expect(refused.code).toBe('TOO_COMPLEX')
  })

  it('fragments in a circle end', () => {
    expect(
      refusalOf('{ viewer { ...A } } fragment A on Viewer { ...B } fragment B on Viewer { ...A }').message,
    ).toContain('Cannot spread fragment')
  })
})
