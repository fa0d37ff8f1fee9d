// The documents of the console's page, as it sends them: load asks what people's browsers ask.
import { root } from '@sindri/e2e/kit/processes'
import { type FragmentDefinitionNode, Kind, parse, print, visit } from 'graphql'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'

const definitions = globSync('web/src/**/*.graphql', { cwd: root }).flatMap(
  (file) => parse(readFileSync(path.join(root, file), 'utf8')).definitions,
)

const named = (name: string) => {
  const found = definitions.find((each) => 'name' in each && each.name?.value === name)
  if (!found) throw new Error(`expected the page to have a document ${name}, got none`)
  return found
}

/** One operation with the fragments that it needs. */
export function documentOf(operation: string): string {
  const needed = new Map([[operation, named(operation)]])
  for (const definition of needed.values())
    visit(definition, {
      FragmentSpread: ({ name }) => void needed.set(name.value, named(name.value) as FragmentDefinitionNode),
    })
  return print({ kind: Kind.DOCUMENT, definitions: [...needed.values()] })
}
