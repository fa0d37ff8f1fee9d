// Every example of docs/api.md does what it says, against a console with an agent.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Example, examplesIn, runExample } from './kit/examples.ts'
import { root } from './kit/processes.ts'
import { openWorld, type World } from './kit/world.ts'

let world: World
let env: Record<string, string>
beforeAll(async () => {
  world = await openWorld()
  world.startAgent('forge', { SINDRI_AGENT_TAGS: 'team=forge' })
  const { id } = await world.running('forge')
  const api = await world.api()
  const { createApiKey } = await api.ask(
    'mutation { createApiKey(input: { name: "examples", role: DEVELOPER }) { secret } }',
  )
  const { email, password } = world.admin
  env = { CONSOLE: world.url, API_KEY: createApiKey.secret, INSTANCE: id, EMAIL: email, PASSWORD: password }
})
afterAll(() => world.end())

interface Expected {
  stdout: RegExp
  stderr?: RegExp
  code?: number
  /** It would go on for ever. */
  endless?: boolean
}

const samples = /^(\d{4}-\S+Z.*\n){3}$/
const expected: Record<string, Expected> = {
  key: { stdout: /"secret":"sk_[\w-]{43}","apiKey":\{"id":"key_\w+"/ },
  curl: { stdout: /^\{"data":\{"viewer":\{"name":"examples","role":"DEVELOPER","actions":\[.*"terminal.open"/ },
  fetch: { stdout: /totalCount: 1/ },
  pages: { stdout: /^ins_\w+ forge\n$/ },
  patience: { stdout: /version: '\d+\.\d+/ },
  socket: { stdout: samples },
  events: { stdout: /event: next\ndata: \{"data":\{"metricSampled".*\n\nevent: next\ndata: .*\n\n/, endless: true },
  stream: { stdout: samples },
  command: { stdout: /^1\n2\n3\n$/, stderr: /^no more\n$/, code: 7 },
  terminal: { stdout: /1\r\n2\r\n3\r\n/, stderr: /\[EXITED: exit code 7\]/, code: 7 },
  follow: { stdout: /trm_\w+ CLOSED EXITED 0\n$/ },
  introspection: { stdout: /"name":"liveness","description":"/ },
}

const examples = examplesIn(readFileSync(path.join(root, 'docs/api.md'), 'utf8'))

it('each example is looked at here, and none that is not there', () => {
  expect(examples.map(({ name }) => name)).toEqual(Object.keys(expected))
})

const hasCurl = ((): boolean => {
  try {
    return execFileSync('curl', ['--version'], { encoding: 'utf8' }) !== ''
  } catch {
    return false
  }
})()
/** Without curl a machine cannot run them, and says so; where everything must run that is a failure. */
const cannotRun = ({ code }: Example): boolean => code.includes('curl') && !hasCurl && process.env.CI !== 'true'

for (const example of examples) {
  it.skipIf(cannotRun(example))(`"${example.name}" does what it says`, async () => {
    const { stdout, stderr, code = 0, endless } = expected[example.name] as Expected
    const ran = await runExample(example, env, endless ? stdout : undefined)
    expect(ran.stdout, ran.stderr).toMatch(stdout)
    expect(ran.stderr).toMatch(stderr ?? /^$/)
    if (!endless) expect(ran.code).toBe(code)
  })
}
