// Variables as their types want them, each type read once. What does not fit is not judged here: graphql-js says what is wrong with it.
import {
  type GraphQLInputObjectType,
  type GraphQLInputType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
} from 'graphql'

export const unfit = Symbol('unfit')
/** The value as a resolver gets it, or `unfit`; the very value where it fits as it came. */
export type Coerce = (value: unknown) => unknown

/** Under the name it has now, or the one it had. */
export const hasDefault = (input: object): boolean =>
  ['default', 'defaultValue'].some((name) => (input as Record<string, unknown>)[name] !== undefined)

/** By the type; an input may hold others of its own type. */
const known = new WeakMap<GraphQLInputType, Coerce>()

export const coercerOf = (type: GraphQLInputType): Coerce => {
  let coerce = known.get(type)
  if (!coerce) known.set(type, (coerce = read(type)))
  return coerce
}

/** Of a scalar that takes anything: nearly all values in records are left to those who store them. */
const asItIs: Coerce = (value) => value ?? null

const read = (type: GraphQLInputType): Coerce => {
  if (isNonNullType(type)) {
    const some = coercerOf(type.ofType)
    return (value) => (value === null || value === undefined ? unfit : some(value))
  }
  if (isLeafType(type) && type.extensions['anything'] === true) return asItIs
  const some = readNullable(type)
  return (value) => (value === null || value === undefined ? null : some(value))
}

const readNullable = (type: GraphQLInputType): Coerce => {
  if (isListType(type)) {
    const each = coercerOf(type.ofType)
    return (value) => {
      if (!Array.isArray(value)) return unfit
      let items: unknown[] = value
      for (let i = 0; i < value.length; i++) {
        const item = each(value[i])
        if (item === unfit) return unfit
        if (item === value[i]) continue
        if (items === value) items = value.slice()
        items[i] = item
      }
      return items
    }
  }
  if (isInputObjectType(type)) return type.isOneOf ? () => unfit : readObject(type)
  if (isLeafType(type))
    return (value) => {
      try {
        const leaf: unknown = type.coerceInputValue(value)
        return leaf === undefined ? unfit : leaf
      } catch {
        return unfit
      }
    }
  return () => unfit
}

const readObject = (type: GraphQLInputObjectType): Coerce => {
  let fields: Map<string, { isRequired: boolean; coerce: Coerce }> | undefined
  let required = 0
  const readFields = () => {
    const read = Object.values(type.getFields()).map(
      (field) =>
        [
          field.name,
          { isRequired: isNonNullType(field.type) || hasDefault(field), coerce: coercerOf(field.type) },
        ] as const,
    )
    required = read.filter(([, { isRequired }]) => isRequired).length
    return new Map(read)
  }
  return (value) => {
    if (typeof value !== 'object' || Array.isArray(value)) return unfit
    const given = value as Record<string, unknown>
    // Not before it is asked for: a type may hold itself.
    fields ??= readFields()
    let coerced = given
    let missing = required
    for (const name in given) {
      const field = fields.get(name)
      const member = given[name]
      if (!field || member === undefined) return unfit
      const { isRequired, coerce } = field
      if (isRequired) missing -= 1
      if (coerce === asItIs) continue
      const fit = coerce(member)
      if (fit === unfit) return unfit
      if (fit === member) continue
      if (coerced === given) coerced = { ...given }
      coerced[name] = fit
    }
    return missing === 0 ? coerced : unfit
  }
}
