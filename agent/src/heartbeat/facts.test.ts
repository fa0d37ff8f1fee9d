import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createFakeClock } from '../platform/clock.fake.ts'
import { createLog } from '../platform/log.ts'
import { createChanges } from './changes.ts'
import { createConfigHash } from './configHash.ts'
import { parseExtensionYaml } from './extensionYaml.ts'
import { createFacts, type Facts } from './facts.ts'

let home: string
let work: string
let lines: string[]

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'sindri-home-'))
  work = join(home, 'work')
  mkdirSync(work)
  lines = []
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const env = { provider: null, region: 'fra', tags: { team: 'core' }, sshEndpoint: null, geo: null }

function facts(configPath: string | null = null): () => Promise<Facts> {
  const log = createLog({
    level: 'debug',
    format: 'json',
    clock: createFakeClock(),
    write: (line) => void lines.push(line),
  })
  const osReleasePath = join(home, 'os-release')
  const surroundings = { hostname: 'box', homeDir: home, workingDir: work }
  const configHash = createConfigHash(configPath, surroundings)
  return createFacts({ env, surroundings, version: '0.1.0', log, configHash, osReleasePath })
}

let count = 0
function tell(extension: string, stateAfter: string, event: object): void {
  mkdirSync(join(home, '.sindri'), { recursive: true })
  const entry = {
    event_id: `e${++count}`,
    timestamp: '2026-01-01T00:00:00Z',
    extension_name: extension,
    state_after: stateAfter,
    event,
  }
  appendFileSync(join(home, '.sindri/status_ledger.jsonl'), `${JSON.stringify(entry)}\n`)
}

function describe(name: string, version: string, yaml: string): void {
  const dir = join(home, '.sindri/extensions', name, version)
  mkdirSync(dir, { recursive: true })
  writeFileSync(join(dir, 'extension.yaml'), yaml)
}

const nodejs = `metadata:
  name: nodejs
  version: 1.1.0
bom:
  tools:
    - name: node
      version: dynamic
      source: mise
    - { name: npm, source: mise }
    - broken
`

test('on a machine without Sindri nothing is made up', async () => {
  expect(await facts()()).toEqual({
    provider: null,
    region: 'fra',
    tags: [{ key: 'team', value: 'core' }],
    hostname: 'box',
    os: process.platform,
    arch: process.arch,
    distro: null,
    agentVersion: '0.1.0',
    extensions: null,
    yamlHash: null,
    bom: null,
    sshEndpoint: null,
    geo: null,
  })
})

test('extensions come from the ledger, tools from the files of those installed; broken lines are counted and left out', async () => {
  writeFileSync(join(home, 'os-release'), 'ID=debian\n')
  tell('nodejs', 'installed', { type: 'install_completed', version: '1.1.0' })
  tell('ruby', 'failed', { type: 'install_failed', version: '3.0.0' })
  tell('python', 'installed', { type: 'validation_succeeded' })
  appendFileSync(join(home, '.sindri/status_ledger.jsonl'), 'torn {\n\n')
  describe('nodejs', '1.1.0', nodejs)
  describe('ruby', '3.0.0', nodejs)
  describe('python', '3.9.0', 'metadata: { version: 3.9.0 }\n')
  describe('python', '3.12.0', 'metadata: { version: 3.12.0 }\n')
  const found = await facts()()
  expect(found.distro).toBe('debian')
  expect(found.extensions).toEqual([
    { name: 'nodejs', version: '1.1.0', state: 'installed' },
    { name: 'python', version: '3.12.0', state: 'installed' },
    { name: 'ruby', version: '3.0.0', state: 'failed' },
  ])
  expect(found.bom).toEqual([
    { name: 'node', version: 'dynamic', extension: 'nodejs' },
    { name: 'npm', version: null, extension: 'nodejs' },
  ])
  expect(lines.join('')).toContain('"lines":1')
})

test('what is added to the ledger later is seen, also after it was rotated', async () => {
  const read = facts()
  tell('nodejs', 'installing', { type: 'install_started', version: '1.0.0' })
  expect((await read()).extensions).toMatchObject([{ state: 'installing' }])
  tell('nodejs', 'installed', { type: 'install_completed', version: '1.0.0' })
  expect((await read()).extensions).toMatchObject([{ state: 'installed' }])
  rmSync(join(home, '.sindri/status_ledger.jsonl'))
  tell('go', 'installed', { type: 'install_completed', version: '1.2.0' })
  expect((await read()).extensions).toMatchObject([{ name: 'go' }, { name: 'nodejs' }])
})

test('the hash is that of the named file alone, else of the first one in the usual places', async () => {
  const hash = (text: string): string => createHash('sha256').update(text).digest('hex')
  const read = facts()
  writeFileSync(join(home, 'sindri.yml'), 'home')
  expect((await read()).yamlHash).toBe(hash('home'))
  writeFileSync(join(work, 'sindri.yaml'), 'work')
  expect((await read()).yamlHash).toBe(hash('work'))
  writeFileSync(join(work, 'sindri.yaml'), 'changed')
  expect((await read()).yamlHash).toBe(hash('changed'))
  expect((await facts(join(home, 'named.yaml'))()).yamlHash).toBeNull()
})

test('a file that is no extension description tells nothing', async () => {
  expect(await parseExtensionYaml('a: [')).toBeNull()
  expect(await parseExtensionYaml('just text')).toBeNull()
  expect(await parseExtensionYaml('')).toBeNull()
  expect(await parseExtensionYaml('bom: { tools: 7 }\nmetadata: x\n')).toEqual({ version: null, tools: [] })
})

test('a heartbeat tells what has changed since the console last took something, null included', () => {
  const changes = createChanges<{ hash: string | null; list: number[] }>()
  const first = { hash: 'a', list: [1] }
  expect(changes.since(first)).toEqual(first)
  expect(changes.since(first)).toEqual(first)
  changes.acknowledge(first)
  expect(changes.since({ hash: 'a', list: [1] })).toBeNull()
  expect(changes.since({ hash: null, list: [1] })).toEqual({ hash: null })
  expect(changes.since({ hash: 'a', list: [1, 2] })).toEqual({ list: [1, 2] })
})
