import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createConfigHash } from '../heartbeat/configHash.ts'
import { createFakeClock, type FakeClock } from '../platform/clock.fake.ts'
import { createConsoleTime } from '../platform/consoleTime.ts'
import { createLog } from '../platform/log.ts'
import { startConfigEvents } from './configEvents.ts'
import type { AgentEvent } from './event.ts'
import { startLedgerEvents } from './ledgerEvents.ts'

let home: string
let ledger: string
let clock: FakeClock
let events: AgentEvent[]
let order: string[]
let state: Map<string, string>
let undo: (() => Promise<void>)[]
let entries: number

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'sindri-events-'))
  ledger = join(home, 'status_ledger.jsonl')
  clock = createFakeClock()
  events = []
  order = []
  state = new Map()
  undo = []
  entries = 0
})
afterEach(async () => {
  for (const stop of undo) await stop()
  rmSync(home, { recursive: true, force: true })
})

const log = createLog({ level: 'error', format: 'json', clock: createFakeClock(), write: () => {} })
const sink = {
  record: (event: AgentEvent) => void (events.push(event) && order.push('event')),
  flush: () => Promise.resolve(void order.push('flush')),
}
const stateDir = {
  read: (name: string) => state.get(name) ?? null,
  write: (name: string, text: string) => void (state.set(name, text) && order.push('write')),
}

function tell(type: string, fields: object = {}, path = ledger): void {
  const entry = {
    event_id: `id-${++entries}`,
    timestamp: new Date(clock.now()).toISOString(),
    extension_name: 'nodejs',
    state_after: 'installed',
    event: { type, version: '1.0.0', ...fields },
  }
  appendFileSync(path, `${JSON.stringify(entry)}\n`)
}

async function followLedger() {
  const consoleTime = createConsoleTime(clock, 1_000)
  const started = startLedgerEvents({ path: ledger, clock, consoleTime, stateDir, events: sink, log })
  undo.push(() => started.stop())
  await started.poll()
  return started
}

const messages = (): string[] => events.map(({ type, message }) => `${type} ${message}`)

test('what was in the ledger before the agent came is no news; what comes is, in console time', async () => {
  tell('install_completed')
  const { poll } = await followLedger()
  expect(events).toEqual([])
  tell('install_started')
  tell('install_completed', { duration_secs: 12 })
  const atMs = clock.now()
  tell('upgrade_completed', { version: undefined, from_version: '1.0.0', to_version: '1.1.0' })
  tell('remove_completed')
  tell('install_failed', { error_message: 'no network' })
  tell('validation_failed')
  appendFileSync(ledger, 'garbage\n')
  await poll()
  expect(messages()).toEqual([
    'EXTENSION_INSTALL Installed nodejs 1.0.0 in 12 s.',
    'EXTENSION_INSTALL Upgraded nodejs from 1.0.0 to 1.1.0.',
    'EXTENSION_REMOVE Removed nodejs 1.0.0.',
    'ERROR Installing nodejs failed: no network',
  ])
  expect(events[0]).toMatchObject({
    atMs: atMs + 1_000,
    metadata: { extension: 'nodejs', version: '1.0.0', eventId: 'id-3' },
  })
  expect(order).toEqual(['write', 'event', 'event', 'event', 'event', 'flush', 'write'])
})

test('an entry written just before the wall clock was set back is told of now, not of the future', async () => {
  writeFileSync(ledger, '')
  const { poll } = await followLedger()
  tell('install_completed')
  clock.jumpWall(-3_600_000)
  await clock.advance(5_000)
  await poll()
  expect(events.map(({ atMs }) => atMs)).toEqual([clock.now() + 3_600_000 + 1_000])
})

test('the ledger is looked at every five seconds', async () => {
  writeFileSync(ledger, '')
  const { poll } = await followLedger()
  tell('install_completed')
  await clock.advance(5_000)
  await poll()
  expect(events).toHaveLength(1)
})

test('what came while the agent was away is told at its next start, once', async () => {
  writeFileSync(ledger, '')
  await (await followLedger()).stop()
  tell('install_completed')
  await (await followLedger()).stop()
  await followLedger()
  expect(events).toHaveLength(1)
})

test('a ledger that appears only later is read from its begin', async () => {
  const { poll } = await followLedger()
  tell('install_completed')
  await poll()
  expect(events).toHaveLength(1)
})

test('a ledger that is rotated, or written anew with what it had, tells nothing twice', async () => {
  writeFileSync(ledger, '')
  const { poll } = await followLedger()
  tell('install_completed')
  tell('remove_completed')
  await poll()
  const kept = readFileSync(ledger)
  writeFileSync(`${ledger}.new`, kept)
  tell('install_completed', {}, `${ledger}.new`)
  renameSync(`${ledger}.new`, ledger)
  await poll()
  renameSync(ledger, `${ledger}.1`)
  tell('remove_completed')
  await poll()
  expect(events.map(({ metadata }) => metadata['eventId'])).toEqual(['id-1', 'id-2', 'id-3', 'id-4'])
})

test('a configuration that changes is told, also when it changed while the agent was away', async () => {
  mkdirSync(join(home, 'work'))
  const file = join(home, 'sindri.yaml')
  const start = async () => {
    const configHash = createConfigHash(null, { homeDir: home, workingDir: join(home, 'work') })
    const started = startConfigEvents({ configHash, clock, consoleTime: { now: () => 7 }, stateDir, events: sink })
    undo.push(() => started.stop())
    await started.poll()
    return started
  }
  writeFileSync(file, 'one')
  const first = await start()
  expect(events).toEqual([])
  writeFileSync(file, 'second')
  await first.poll()
  // For whoever tells it as a fact: as the last look found it, without another one.
  writeFileSync(file, 'unseen')
  expect(await first.configHash()).toMatch(/^16367aacb67a/)
  await first.stop()
  rmSync(file)
  const second = await start()
  writeFileSync(file, 'one')
  await second.poll()
  expect(events.map(({ type, message, atMs }) => [type, message, atMs])).toEqual([
    ['CONFIG_CHANGED', 'sindri.yaml changed (7692c3ad3540 to 16367aacb67a).', 7],
    ['CONFIG_CHANGED', 'sindri.yaml is gone.', 7],
    ['CONFIG_CHANGED', 'sindri.yaml appeared (7692c3ad3540).', 7],
  ])
})
