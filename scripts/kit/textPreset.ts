// A codegen preset: the operations' types as the client preset makes them, and each operation as one constant of text.
// The client preset's own string mode makes a class with parameter properties, which Node's type stripping refuses.
import { preset as clientPreset } from '@graphql-codegen/client-preset'
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  print,
  visit,
} from 'graphql'

type Section = Awaited<ReturnType<typeof clientPreset.buildGeneratesSection>>[number]

export const textPreset: typeof clientPreset = {
  ...clientPreset,
  buildGeneratesSection: async (options) => {
    const [types] = await clientPreset.buildGeneratesSection(options)
    if (!types) throw new Error('expected the client preset to make graphql.ts')
    const text = {
      plugin: (_schema: unknown, documents: { document?: DocumentNode }[]) => ({
        content: toConstants(documents.flatMap(({ document }) => document?.definitions ?? [])),
      }),
    }
    const section: Section = {
      ...types,
      plugins: [{ 'typescript-operations': {} }, { text: {} }],
      pluginMap: { ...types.pluginMap, text },
    }
    return [section]
  },
}

const TYPE = `/** An operation's text; its types ride along for the compiler only. */
export interface Operation<Result, Variables> {
  readonly query: string
  readonly __types?: (variables: Variables) => Result
}`

export function toConstants(definitions: readonly DocumentNode['definitions'][number][]): string {
  const fragments = new Map(
    definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION).map((node) => [node.name.value, node]),
  )
  const constants = definitions
    .filter((node) => node.kind === Kind.OPERATION_DEFINITION)
    .map((node) => {
      const name = node.name?.value
      if (!name || !/^[A-Z]/.test(name)) throw new Error(`expected an operation with a Name, got "${name ?? ''}"`)
      const type = name + { query: 'Query', mutation: 'Mutation', subscription: 'Subscription' }[node.operation]
      const query = [node, ...fragmentsOf(node, fragments)].map((part) => print(part)).join('\n')
      return `export const ${name}Document: Operation<${type}, ${type}Variables> = {\n  query: ${JSON.stringify(query)},\n}`
    })
  return [TYPE, ...constants].join('\n\n') + '\n'
}

/** Every fragment that a node spreads, directly or through another, each once. */
function fragmentsOf(
  node: OperationDefinitionNode | FragmentDefinitionNode,
  all: Map<string, FragmentDefinitionNode>,
  found = new Set<FragmentDefinitionNode>(),
): Set<FragmentDefinitionNode> {
  visit(node, {
    FragmentSpread: (spread) => {
      const fragment = all.get(spread.name.value)
      if (!fragment || found.has(fragment)) return
      found.add(fragment)
      fragmentsOf(fragment, all, found)
    },
  })
  return found
}
