// Measures a document before it is validated: depth, aliases, cost and root fields, in time linear in its length even for hostile fragments.
import { LIMITS } from '@sindri/schema/contract/limits'
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getNamedType,
  getNullableType,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLSchema,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
} from 'graphql'
import type { PreparedOperation } from './documents.ts'

export interface Measures {
  depth: number
  aliases: number
  cost: number
  introspects: boolean
  operations: PreparedOperation[]
}

interface Size {
  depth: number
  aliases: number
  cost: number
  introspects: boolean
  /** Fields directly in it. */
  names: Set<string>
  /** Fields of the selection itself, each as often as it is asked for. */
  fields: number
}

/** A list without `first` holds facts of one thing, such as its disks. */
const PLAIN_LIST = 10

const nothing = (): Size => ({ depth: 0, aliases: 0, cost: 0, introspects: false, names: new Set(), fields: 0 })

/** The caller's `first` where it is written down; the most that a service accepts where it is a variable. */
const pageOf = (node: FieldNode): number => {
  const value = node.arguments?.find((argument) => argument.name.value === 'first')?.value
  if (!value || value.kind === Kind.NULL) return LIMITS.pageDefault
  if (value.kind === Kind.INT) return Math.min(Math.max(Number(value.value), 1), LIMITS.pageMax)
  return LIMITS.pageMax
}

const timesOf = (
  parent: GraphQLCompositeType,
  field: GraphQLField<unknown, unknown> | undefined,
  node: FieldNode,
): number => {
  if (!field) return 1
  if (field.args.some((argument) => argument.name === 'first')) return pageOf(node)
  // The page was counted where it was asked for.
  if (parent.name.endsWith('Connection')) return 1
  return isListType(getNullableType(field.type)) ? PLAIN_LIST : 1
}

/** What every schema has at its root, and no type lists among its fields. */
const metaFields: ReadonlyMap<string, GraphQLField<unknown, unknown>> = new Map(
  [SchemaMetaFieldDef, TypeMetaFieldDef].map((field) => [field.name, field]),
)

export const measure = (schema: GraphQLSchema, document: DocumentNode): Measures => {
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node)
  }
  // Each fragment is measured once, however often it is spread: a chain of doubling fragments costs its sum without walking it.
  const measured = new Map<string, Size>()

  const ofFragment = (name: string): Size => {
    const known = measured.get(name)
    if (known) return known
    // What a fragment finds of itself while it is measured is a cycle, which validation refuses.
    measured.set(name, nothing())
    const node = fragments.get(name)
    const size = node ? ofSelection(node.selectionSet, typeOf(node.typeCondition.name.value)) : nothing()
    measured.set(name, size)
    return size
  }

  const typeOf = (name: string): GraphQLCompositeType | undefined => {
    const type = schema.getType(name)
    return isCompositeType(type) ? type : undefined
  }

  const ofField = (node: FieldNode, parent: GraphQLCompositeType | undefined): Size => {
    const name = node.name.value
    const field =
      metaFields.get(name) ??
      (parent && (isObjectType(parent) || isInterfaceType(parent)) ? parent.getFields()[name] : undefined)
    const type = field && getNamedType(field.type)
    const inner = node.selectionSet
      ? ofSelection(node.selectionSet, isCompositeType(type) ? type : undefined)
      : nothing()
    return {
      depth: inner.depth + 1,
      aliases: inner.aliases + (node.alias ? 1 : 0),
      cost: 1 + inner.cost * (parent ? timesOf(parent, field, node) : 1),
      introspects: inner.introspects || name === '__schema' || name === '__type',
      names: new Set([name]),
      fields: 1,
    }
  }

  const ofSelection = (set: SelectionSetNode, parent: GraphQLCompositeType | undefined): Size => {
    const total = nothing()
    for (const node of set.selections) {
      let size: Size
      if (node.kind === Kind.FIELD) size = ofField(node, parent)
      else if (node.kind === Kind.FRAGMENT_SPREAD) size = ofFragment(node.name.value)
      else size = ofSelection(node.selectionSet, node.typeCondition ? typeOf(node.typeCondition.name.value) : parent)
      total.depth = Math.max(total.depth, size.depth)
      total.aliases += size.aliases
      total.cost += size.cost
      total.introspects ||= size.introspects
      total.fields += size.fields
      for (const name of size.names) total.names.add(name)
    }
    return total
  }

  const whole: Measures = { depth: 0, aliases: 0, cost: 0, introspects: false, operations: [] }
  for (const node of document.definitions) {
    if (node.kind !== Kind.OPERATION_DEFINITION) continue
    const size = ofSelection(node.selectionSet, schema.getRootType(node.operation) ?? undefined)
    whole.depth = Math.max(whole.depth, size.depth)
    whole.aliases += size.aliases
    whole.cost = Math.max(whole.cost, size.cost)
    whole.introspects ||= size.introspects
    whole.operations.push({
      name: node.name?.value,
      type: node.operation,
      roots: [...size.names],
      acts: node.operation === 'mutation' ? size.fields : 1,
    })
  }
  return whole
}
