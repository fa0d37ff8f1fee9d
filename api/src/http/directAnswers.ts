// Values as the text of an answer, for selections that only read properties: each selection is read once, and a value makes one way from object to text.
import {
  defaultFieldResolver,
  type FieldNode,
  type GraphQLLeafType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type FragmentDefinitionNode,
  type GraphQLResolveInfo,
  type SelectionSetNode,
} from 'graphql'

/** As JSON. Throws for a value that does not fit its type. */
export type Write = (value: unknown) => string

/** The selection asks for more than properties. */
export class NotPlain extends Error {
  override readonly name = 'NotPlain'
}

export interface Selecting {
  schema: GraphQLSchema
  fragments: ReadonlyMap<string, FragmentDefinitionNode>
}

export const writerOf = (selecting: Selecting, type: GraphQLOutputType, nodes: readonly FieldNode[]): Write => {
  if (isNonNullType(type)) {
    const some = writerOf(selecting, type.ofType, nodes)
    return (value) => {
      if (value === null || value === undefined) throw new TypeError(`Expected a ${String(type)}, got nothing.`)
      return some(value)
    }
  }
  const some = nullableWriterOf(selecting, type, nodes)
  return (value) => {
    if (value === null || value === undefined) return 'null'
    if (value instanceof Error) throw value
    return some(value)
  }
}

const nullableWriterOf = (selecting: Selecting, type: GraphQLOutputType, nodes: readonly FieldNode[]): Write => {
  if (isListType(type)) {
    const each = writerOf(selecting, type.ofType, nodes)
    return (value) => {
      if (!Array.isArray(value)) throw new TypeError(`Expected a list, got ${typeof value}.`)
      return `[${value.map(each).join(',')}]`
    }
  }
  if (isLeafType(type)) return leafWriterOf(type)
  if (isObjectType(type)) return objectWriterOf(selecting, type, nodes)
  if (!isAbstractType(type) || !type.resolveType) throw new NotPlain()
  const { schema } = selecting
  const writers = new Map(schema.getPossibleTypes(type).map((one) => [one.name, objectWriterOf(selecting, one, nodes)]))
  const { resolveType } = type
  return (value) => {
    const name = resolveType(value, undefined, {} as GraphQLResolveInfo, type)
    const write = typeof name === 'string' ? writers.get(name) : undefined
    if (!write) throw new TypeError(`Expected one of ${type.name}, got another.`)
    return write(value)
  }
}

const leafWriterOf = (type: GraphQLLeafType): Write => {
  // Of a scalar that says so: nothing in its values has to be escaped, however long they are.
  const isPlain = type.extensions['plainText'] === true
  return (value) => {
    if (value instanceof Promise) throw new TypeError(`Expected a ${type.name}, got a promise.`)
    const leaf = type.coerceOutputValue(value)
    if (leaf === null || leaf === undefined) throw new TypeError(`Expected a ${type.name}, got nothing.`)
    return isPlain && typeof leaf === 'string' ? `"${leaf}"` : JSON.stringify(leaf)
  }
}

const objectWriterOf = (selecting: Selecting, type: GraphQLObjectType, nodes: readonly FieldNode[]): Write => {
  if (type.isTypeOf) throw new NotPlain()
  const fields = type.getFields()
  const selected = new Map<string, FieldNode[]>()
  for (const node of nodes) if (node.selectionSet) collect(selecting, type, node.selectionSet, selected)
  const members = [...selected].map(([key, asked], index) => {
    const head = `${index === 0 ? '' : ','}${JSON.stringify(key)}:`
    const name = asked[0]?.name.value ?? ''
    if (name === '__typename') return { head: `${head}"${type.name}"`, name, write: null }
    const field = fields[name]
    if (!field || field.args.length > 0 || (field.resolve && field.resolve !== defaultFieldResolver))
      throw new NotPlain()
    return { head, name, write: writerOf(selecting, field.type, asked) }
  })
  return (value) => {
    if (typeof value !== 'object') throw new TypeError(`Expected a ${type.name}, got ${typeof value}.`)
    const from = value as Record<string, unknown>
    let text = '{'
    for (const { head, name, write } of members) text += write === null ? head : head + write(from[name])
    return `${text}}`
  }
}

/** Fields of the selection for a value of this type, by the name each has in the answer. */
const collect = (
  selecting: Selecting,
  type: GraphQLObjectType,
  set: SelectionSetNode,
  into: Map<string, FieldNode[]>,
): void => {
  const { schema, fragments } = selecting
  for (const node of set.selections) {
    if (node.directives && node.directives.length > 0) throw new NotPlain()
    if (node.kind === Kind.FIELD) {
      const key = node.alias?.value ?? node.name.value
      into.set(key, [...(into.get(key) ?? []), node])
      continue
    }
    const fragment = node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value) : node
    if (!fragment || (fragment.directives && fragment.directives.length > 0)) throw new NotPlain()
    const condition = fragment.typeCondition && schema.getType(fragment.typeCondition.name.value)
    const applies = !condition || condition === type || (isAbstractType(condition) && schema.isSubType(condition, type))
    if (applies) collect(selecting, type, fragment.selectionSet, into)
  }
}
