// Holds the documents against the programs: every variable is documented, and nothing is that does not exist.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { agentVariables } from './agent/src/help.ts'
import { DOCUMENT_LIMITS } from './api/src/http/documents.ts'
import { BUDGETS } from './api/src/http/limits.ts'
import { readEnv } from './api/src/platform/env.ts'
import { FAULTS } from './schema/src/contract/codes.ts'
import { LIMITS } from './schema/src/contract/limits.ts'
import { PER_PRINCIPAL } from './api/src/http/connections.ts'

const read = (file: string): string => readFileSync(path.join(import.meta.dirname, file), 'utf8')

/** What the browser tests ask for: pictures, and for how long. */
const testVariables = ['page.ts', 'memory.e2e.ts'].flatMap((file) =>
  [...read(`e2e/browser/${file}`).matchAll(/\bprocess\.env\.(SINDRI_\w+)/g)].map(([, name = '']) => name),
)

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

test.each([
  'README.md',
  'CONTRIBUTING.md',
  'docs/operations.md',
  'docs/api.md',
  'docs/architecture.md',
  'docs/protocol.md',
  'docs/performance.md',
  'docs/reliability.md',
  'Dockerfile',
  'docker-compose.yml',
])('%s names no variable that nobody reads, and no file that is not there', (file) => {
  const text = read(file)
  const known = new Set([...consoleVariables(), ...agentVariables, ...testVariables])
  const named = [...text.matchAll(/\bSINDRI_[A-Z_]+[A-Z]\b/g)].map(([name]) => name)
  expect(named.filter((name) => !known.has(name))).toEqual([])
  const links = [...text.matchAll(/\]\(((?!https?:)[^)#]+)[^)]*\)/g)].map(([, link = '']) => link)
  expect(links.filter((link) => !existsSync(path.join(import.meta.dirname, path.dirname(file), link)))).toEqual([])
})

test('docs/api.md has the table of faults as the contract has it', () => {
  const rows = Object.entries(FAULTS).map(
    ([code, { http, retry, meaning }]) => `| \`${code}\` | ${http} | ${retry ? 'yes' : 'no'} | ${meaning} |`,
  )
  const [, table] = /<!-- faults -->\n([\s\S]*?)\n<!-- \/faults -->/.exec(read('docs/api.md')) ?? []
  expect(table?.split('\n')).toEqual(['| Code | Status | Retry | Meaning |', '| --- | --- | --- | --- |', ...rows])
})

test('and the limits as the console keeps them', () => {
  const MiB = 1024 * 1024
  const limits = {
    Operations: `${BUDGETS.operations.burst} a minute for each user and each key`,
    'Bytes of terminal input': `${BUDGETS.terminalBytes.perSecond / MiB} MiB a second, ${BUDGETS.terminalBytes.burst / MiB} MiB at once`,
    'Wrong keys or secrets': `${BUDGETS.failedEnrolments.burst} a minute from a network`,
    'Sockets and event streams at once': `${PER_PRINCIPAL} for each user and each key`,
    'A request': `${LIMITS.frameBytes / MiB} MiB`,
    'A page': `${LIMITS.pageMax}`,
    'A document': `${DOCUMENT_LIMITS.depth} levels, ${DOCUMENT_LIMITS.aliases} aliases, ${DOCUMENT_LIMITS.cost} fields to answer`,
  }
  const text = read('docs/api.md')
  for (const [what, most] of Object.entries(limits)) expect(text).toContain(`| ${what} | ${most} |`)
})

test('decisions are counted one by one, in their names as in their titles', () => {
  const files = readdirSync(path.join(import.meta.dirname, 'docs/adr')).toSorted()
  const numbers = files.map((_, i) => i + 1)
  expect(files.map((file) => Number(file.slice(0, 4)))).toEqual(numbers)
  expect(files.map((file) => /^# (\d+)\. /.exec(read(`docs/adr/${file}`))?.[1])).toEqual(numbers.map(String))
})
