import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

/** What is loaded with a file before anything runs: not what it imports later, when it is needed. */
function libraries(file: string, seen = new Set<string>()): string[] {
  if (seen.has(file)) return []
  seen.add(file)
  const specifiers = [
    ...readFileSync(file, 'utf8').matchAll(/^(?:import|export) (?!type )(?:[^'"]*? from )?'([^']+)'/gms),
  ].map(([, specifier = '']) => specifier)
  return specifiers.flatMap((each) => (each.startsWith('.') ? libraries(join(dirname(file), each), seen) : [each]))
}

const foreign = (specifier: string): boolean =>
  !specifier.startsWith('@sindri/schema/contract/') && !specifier.startsWith('node:')

test('the agent starts with no library that it does not use: no parser, no second reader of the machine', () => {
  const found = libraries(join(import.meta.dirname, 'agent.ts'))
  expect([...new Set(found.filter(foreign))].toSorted()).toEqual(['node-pty/requireBinary.js', 'ws'])
  // As an import these two load all of `fetch` along.
  expect(found).not.toContain('node:http')
  expect(found).not.toContain('node:https')
})

test('whoever asks for the version or sets a wrong variable waits for nothing else', () => {
  expect(libraries(join(import.meta.dirname, 'main.ts')).filter(foreign)).toEqual([])
})
