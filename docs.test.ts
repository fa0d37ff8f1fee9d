// Holds the documents against the programs: every variable is documented, and nothing is that does not exist.
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { agentVariables } from './agent/src/help.ts'
import { readEnv } from './api/src/platform/env.ts'

const read = (file: string): string => readFileSync(path.join(import.meta.dirname, file), 'utf8')

/** What the console asks for, in its order: by asking it. */
function consoleVariables(): string[] {
  const asked: string[] = []
  readEnv(new Proxy({}, { get: (_, name) => void asked.push(String(name)) }), '/')
  return asked
}

/** The rows of the README's table: variable and default. */
const table = [...read('README.md').matchAll(/^\| `(\w+)` \| ([^|]+) \|/gm)].map(([, name = '', text = '']) => ({
  name,
  text,
}))

test("the README's table has each variable of the console, and no other", () => {
  expect(table.map(({ name }) => name).toSorted()).toEqual(consoleVariables().toSorted())
})

test('and the defaults that the console has', () => {
  const env = readEnv({}, '/clone')
  const defaults: Record<string, unknown> = {
    PORT: env.port,
    HOST: env.host,
    SINDRI_DATA_DIR: path.relative('/clone', env.dataDir),
    SINDRI_ENROL_RATE: env.enrolRate,
    SINDRI_METRICS_RETENTION_DAYS: env.metricsRetentionDays,
    SINDRI_LOG_LEVEL: env.logLevel,
  }
  for (const [name, value] of Object.entries(defaults))
    expect(table.find((row) => row.name === name)).toEqual({ name, text: `\`${String(value)}\`` })
})

test.each(['README.md', 'CONTRIBUTING.md', 'docs/operations.md', 'docs/architecture.md', 'docs/protocol.md'])(
  '%s names no variable that nobody reads, and no file that is not there',
  (file) => {
    const text = read(file)
    const known = new Set([...consoleVariables(), ...agentVariables])
    const named = [...text.matchAll(/\bSINDRI_[A-Z_]+[A-Z]\b/g)].map(([name]) => name)
    expect(named.filter((name) => !known.has(name))).toEqual([])
    const links = [...text.matchAll(/\]\(((?!https?:)[^)#]+)[^)]*\)/g)].map(([, link = '']) => link)
    expect(links.filter((link) => !existsSync(path.join(import.meta.dirname, path.dirname(file), link)))).toEqual([])
  },
)
