import { expect, test } from 'vitest'
import { parseDistro } from './osRelease.ts'
import { foldLedger, parseLedgerLine, type ExtensionState } from './statusLedger.ts'

const line = (extension: string, stateAfter: string, event: object): string =>
  JSON.stringify({
    event_id: '3f1c2b9e-5a77-4c1d-9d0e-2a6b8c1d4e5f',
    timestamp: '2026-05-06T07:08:09Z',
    extension_name: extension,
    cli_version: '3.0.0',
    state_before: null,
    state_after: stateAfter,
    event,
  })

function fold(...lines: string[]): ExtensionState[] {
  const states = new Map<string, ExtensionState>()
  for (const text of lines) {
    const entry = parseLedgerLine(text)
    if (entry) foldLedger(states, entry)
  }
  return [...states.values()]
}

test('a line of the ledger is read with what its event tells', () => {
  const event = {
    type: 'upgrade_completed',
    extension_name: 'nodejs',
    from_version: '1.0.0',
    to_version: '1.1.0',
    duration_secs: 9,
  }
  expect(parseLedgerLine(line('nodejs', 'installed', event))).toEqual({
    eventId: '3f1c2b9e-5a77-4c1d-9d0e-2a6b8c1d4e5f',
    atMs: Date.UTC(2026, 4, 6, 7, 8, 9),
    extension: 'nodejs',
    stateAfter: 'installed',
    type: 'upgrade_completed',
    version: '1.1.0',
    fromVersion: '1.0.0',
    errorMessage: null,
    durationSecs: 9,
    logFile: null,
  })
})

test('lines of another form are nobody’s event', () => {
  const good = JSON.parse(line('nodejs', 'installed', { type: 'x' })) as object
  for (const broken of [
    '',
    'garbage',
    'null',
    '[]',
    '"text"',
    '{"event":{}}',
    JSON.stringify({ ...good, extension_name: '../../etc' }),
    JSON.stringify({ ...good, timestamp: 'yesterday' }),
    JSON.stringify({ ...good, timestamp: '+275760-09-12T00:00:00Z' }),
    JSON.stringify({ ...good, event: [] }),
    JSON.stringify({ ...good, event: { type: 7 } }),
    JSON.stringify({ ...good, state_after: null }),
  ]) {
    expect(parseLedgerLine(broken)).toBeNull()
  }
})

test('a version that could leave its directory is none', () => {
  expect(
    parseLedgerLine(line('nodejs', 'installed', { type: 'install_completed', version: '../..' }))?.version,
  ).toBeNull()
  expect(parseLedgerLine(line('nodejs', 'installed', { type: 'install_completed', version: '..' }))?.version).toBeNull()
})

test('the last state of each extension counts, its version stays known, and a removed one is gone', () => {
  expect(
    fold(
      line('nodejs', 'installing', { type: 'install_started', version: '1.0.0' }),
      line('python', 'installed', { type: 'install_completed', version: '3.0.0' }),
      line('nodejs', 'installed', { type: 'install_completed', version: '1.0.0' }),
      line('nodejs', 'outdated', { type: 'outdated_detected', current_version: '1.0.0', latest_version: '2.0.0' }),
      line('python', 'removing', { type: 'remove_started', version: '3.0.0' }),
      line('python', 'removing', { type: 'remove_completed', version: '3.0.0' }),
      line('rust', 'failed', { type: 'install_failed', version: '1.9.0', error_message: 'no network' }),
      line('go', 'installed', { type: 'upgrade_failed', from_version: '1.2.0', to_version: '1.3.0' }),
    ),
  ).toEqual([
    { name: 'nodejs', version: '1.0.0', state: 'outdated' },
    { name: 'rust', version: '1.9.0', state: 'failed' },
    { name: 'go', version: '1.2.0', state: 'installed' },
  ])
})

test('the distribution is the ID of os-release, quoted or not', () => {
  expect(parseDistro('NAME="Debian GNU/Linux"\nVERSION_ID="12"\nID=debian\nID_LIKE=x\n')).toBe('debian')
  expect(parseDistro('ID="opensuse-leap"\n')).toBe('opensuse-leap')
  expect(parseDistro("ID='fedora'")).toBe('fedora')
  expect(parseDistro('VERSION_ID=1\n')).toBeNull()
})
