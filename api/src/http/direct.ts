// The plain operations that agents and terminals send over and over, carried out without graphql-js, which takes twenty times as long over them:
// one root field, arguments that are variables, an answer that only reads properties. Everything else, and every complaint, is left to graphql-js.
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isInputType,
  isNonNullType,
  Kind,
  locatedError,
  type OperationDefinitionNode,
  OperationTypeNode,
  typeFromAST,
} from 'graphql'
import { NotPlain, type Write, writerOf } from './directAnswers.ts'
import { type Coerce, coercerOf, hasDefault, unfit } from './directInputs.ts'
import { type Result, Written } from './frames.ts'

type Variables = Readonly<Record<string, unknown>> | null | undefined

export interface Direct {
  /** Undefined: the variables do not fit, or it is no mutation. */
  perform(variables: Variables, context: unknown): Promise<Result> | undefined
  /** The answer to an event of a subscription, whoever watches. Throws where the event does not fit. */
  show(event: unknown): Result
}

interface Root {
  schema: GraphQLSchema
  operation: OperationDefinitionNode
  type: GraphQLObjectType
  node: FieldNode
  field: GraphQLField<unknown, unknown>
  write: Write
}

/** Undefined: graphql-js has to do it. The document is valid. */
export const toDirect = (
  schema: GraphQLSchema,
  document: DocumentNode,
  name: string | undefined,
): Direct | undefined => {
  const operation = document.definitions.find(
    (node) => node.kind === Kind.OPERATION_DEFINITION && node.name?.value === name,
  ) as OperationDefinitionNode | undefined
  if (!operation || operation.operation === OperationTypeNode.QUERY || isDirected(operation)) return undefined
  const [node, ...others] = operation.selectionSet.selections
  if (node?.kind !== Kind.FIELD || others.length > 0 || isDirected(node)) return undefined
  const type = schema.getRootType(operation.operation)
  const field = type?.getFields()[node.name.value]
  const isMutation = operation.operation === OperationTypeNode.MUTATION
  // Of a subscription only a resolver that looks at nothing but the event.
  if (!type || !field?.resolve || !(isMutation || field.resolve.length === 1)) return undefined
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const each of document.definitions)
    if (each.kind === Kind.FRAGMENT_DEFINITION) fragments.set(each.name.value, each)
  try {
    const root = { schema, operation, type, node, field, write: writerOf({ schema, fragments }, field.type, [node]) }
    return isMutation ? toMutation(root) : toSubscription(root)
  } catch (error) {
    if (error instanceof NotPlain) return undefined
    throw error
  }
}

const isDirected = ({ directives }: Pick<FieldNode, 'directives'>): boolean => (directives?.length ?? 0) > 0

const keyOf = (node: FieldNode): string => node.alias?.value ?? node.name.value

const infoOf = ({ schema, operation, type, node, field }: Root): GraphQLResolveInfo =>
  // What resolvers of ours may look at: where they are, and nothing of the execution that there is not.
  ({
    fieldName: field.name,
    fieldNodes: [node],
    returnType: field.type,
    parentType: type,
    path: { prev: undefined, key: keyOf(node), typename: type.name },
    schema,
    operation,
  }) as unknown as GraphQLResolveInfo

const toMutation = (root: Root): Direct => {
  const { node, field, write } = root
  const readArguments = argumentsOf(root)
  const info = infoOf(root)
  const key = keyOf(node)
  const head = `{"data":{${JSON.stringify(key)}:`
  const answer = async (value: unknown): Promise<Result> => {
    try {
      return new Written(`${head}${write(await value)}}}`)
    } catch (error) {
      return { errors: [locatedError(error, [node], [key])], data: isNonNullType(field.type) ? null : { [key]: null } }
    }
  }
  const resolve = (args: object, context: unknown): unknown => {
    try {
      return field.resolve?.(undefined, args, context, info)
    } catch (error) {
      return Promise.reject(error)
    }
  }
  return {
    perform(variables, context) {
      const args = readArguments(variables ?? {})
      // Whoever waits for the answer holds no arguments, which may be a thousand times as large.
      return args === unfit ? undefined : answer(resolve(args as object, context))
    },
    show: notThis,
  }
}

const toSubscription = (root: Root): Direct => {
  const { node, field, write } = root
  const info = infoOf(root)
  const head = `{"data":{${JSON.stringify(keyOf(node))}:`
  return {
    perform: notThis,
    show: (event) => new Written(`${head}${write(field.resolve?.(event, {}, undefined, info))}}}`),
  }
}

const notThis = (): never => {
  throw new TypeError('Expected an operation of the other kind.')
}

/** Arguments as the resolver gets them, or `unfit`. */
const argumentsOf = ({ schema, operation, node, field }: Root): ((variables: Record<string, unknown>) => unknown) => {
  const declared = new Map(operation.variableDefinitions?.map((each) => [each.variable.name.value, each]))
  const given = new Map(node.arguments?.map((each) => [each.name.value, each.value]))
  const args: { name: string; variable: string; type: GraphQLInputType; mayLack: boolean; coerce: Coerce }[] = []
  for (const argument of field.args) {
    if (hasDefault(argument)) throw new NotPlain()
    const { name, type } = argument
    const value = given.get(name)
    if (!value) continue
    const definition = value.kind === Kind.VARIABLE ? declared.get(value.name.value) : undefined
    const variableType = definition && typeFromAST(schema, definition.type)
    if (!definition || definition.defaultValue || !variableType || !isInputType(variableType)) throw new NotPlain()
    args.push({
      name,
      variable: definition.variable.name.value,
      type,
      mayLack: !isNonNullType(type) && !isNonNullType(variableType),
      coerce: coercerOf(variableType),
    })
  }
  if (args.length !== declared.size) throw new NotPlain()
  return (variables) => {
    const read: Record<string, unknown> = {}
    for (const { name, variable, type, mayLack, coerce } of args) {
      const value = Object.hasOwn(variables, variable) ? variables[variable] : undefined
      if (value === undefined) {
        if (!mayLack) return unfit
        continue
      }
      const fit = coerce(value)
      if (fit === unfit || (fit === null && isNonNullType(type))) return unfit
      read[name] = fit
    }
    return read
  }
}
