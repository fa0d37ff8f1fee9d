// Parses, measures and validates each GraphQL document once: agents and pages send the same few over and over.
import { Fault, type FaultCode, show } from '@sindri/schema/contract/codes'
import { type DocumentNode, GraphQLError, type GraphQLSchema, type OperationTypeNode, parse, validate } from 'graphql'
import { type Direct, toDirect } from './direct.ts'
import { measure } from './measure.ts'

/** Far above what the product's own documents need, far below what hurts. */
export const DOCUMENT_LIMITS = {
  /** Words and signs of the document: bounds parsing and the quadratic rules of validation. */
  tokens: 4_000,
  depth: 12,
  aliases: 50,
  /** Fields that an answer may have, a list counting as often as its `first` says. */
  cost: 50_000,
  /** The whole schema once, as tools ask for it. */
  introspectionCost: 100_000,
} as const

export interface PreparedOperation {
  name: string | undefined
  type: OperationTypeNode
  /** Names of its root fields, through fragments, without aliases. */
  roots: readonly string[]
  /** How much is done: a mutation may do the same thing several times, under aliases. */
  acts: number
  /** Where it is plain enough to be carried out without graphql-js. */
  direct?: Direct | undefined
}

export interface Prepared {
  document: DocumentNode
  operations: readonly PreparedOperation[]
  /** Asks for the schema itself. */
  introspects: boolean
}

export interface Documents {
  /** Throws a Fault (TOO_COMPLEX) or an array of GraphQLErrors. */
  prepare(query: string): Prepared
}

/** What is longer than any of ours is prepared anew each time, so that the cache stays small. */
const CACHED_CHARS = 16 * 1024
const CACHED_DOCUMENTS = 500

/** Why a document was refused: all its errors at once. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly code: FaultCode
  readonly errors: readonly GraphQLError[]
  constructor(code: FaultCode, errors: readonly GraphQLError[]) {
    super(errors[0]?.message ?? code)
    this.code = code
    this.errors = errors
  }
}

const tooComplex = (what: string, limit: number, got: number | string): Refused =>
  new Refused('TOO_COMPLEX', [new GraphQLError(`Expected a document with at most ${limit} ${what}, got ${got}.`)])

export const createDocuments = (schema: GraphQLSchema): Documents => {
  const cache = new Map<string, Prepared | Refused>()

  const read = (query: string): Prepared => {
    let document: DocumentNode
    try {
      document = parse(query, { maxLexicalTokens: DOCUMENT_LIMITS.tokens })
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error
      throw new Refused(/tokens. Parsing aborted/.test(error.message) ? 'TOO_COMPLEX' : 'BAD_QUERY', [error])
    }
    const { depth, aliases, cost, introspects, operations } = measure(schema, document)
    if (depth > DOCUMENT_LIMITS.depth && !introspects) throw tooComplex('levels', DOCUMENT_LIMITS.depth, depth)
    if (aliases > DOCUMENT_LIMITS.aliases) throw tooComplex('aliases', DOCUMENT_LIMITS.aliases, aliases)
    const most = introspects ? DOCUMENT_LIMITS.introspectionCost : DOCUMENT_LIMITS.cost
    if (cost > most) throw tooComplex('fields to answer', most, cost)
    // Suggestions would tell names of the schema to those who may not read it.
    const errors = validate(schema, document, undefined, { maxErrors: 10, hideSuggestions: true })
    if (errors.length > 0) throw new Refused('BAD_QUERY', errors)
    return {
      document,
      introspects,
      operations: operations.map((each) => ({ ...each, direct: toDirect(schema, document, each.name) })),
    }
  }

  return {
    prepare(query) {
      const known = cache.get(query)
      if (known !== undefined) {
        // The oldest entry of the map is the one longest unused.
        cache.delete(query)
        cache.set(query, known)
        if (known instanceof Refused) throw known
        return known
      }
      let result: Prepared | Refused
      try {
        result = read(query)
      } catch (error) {
        // Nested deeper than the stack: within the tokens, so it did not take long to find out.
        if (error instanceof RangeError) result = tooComplex('levels', DOCUMENT_LIMITS.depth, 'more than can be read')
        else if (error instanceof Refused) result = error
        else throw error
      }
      if (query.length <= CACHED_CHARS) {
        if (cache.size >= CACHED_DOCUMENTS) cache.delete(cache.keys().next().value ?? '')
        cache.set(query, result)
      }
      if (result instanceof Refused) throw result
      return result
    },
  }
}

/** The operation that is meant, or BAD_QUERY. */
export const operationOf = (prepared: Prepared, name: string | null | undefined): PreparedOperation => {
  const { operations } = prepared
  const found = name
    ? operations.find((operation) => operation.name === name)
    : operations.length === 1
      ? operations[0]
      : undefined
  if (found) return found
  if (name)
    throw new Fault('BAD_QUERY', `operationName: expected the name of an operation in the document, got ${show(name)}.`)
  throw new Fault(
    'BAD_QUERY',
    `operationName: expected one for a document with ${operations.length} operations, got none.`,
  )
}
