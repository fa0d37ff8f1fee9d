// Lines of ~/.sindri/status_ledger.jsonl: one event of one extension each; what is not of that form is nobody's event.

import { plain } from '../platform/text.ts'

export interface LedgerEntry {
  eventId: string
  /** The machine's wall clock. */
  atMs: number
  extension: string
  stateAfter: string
  /** Such as "install_completed". */
  type: string
  /** The version the extension has after the event. */
  version: string | null
  fromVersion: string | null
  errorMessage: string | null
  durationSecs: number | null
  logFile: string | null
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const text = (value: unknown, maxChars: number): string | null =>
  typeof value === 'string' && value !== '' ? plain(value, maxChars) : null

/** Used in paths, so nothing that could leave its directory. */
const isName = (value: unknown): value is string => typeof value === 'string' && /^[a-z][a-z0-9-]{0,127}$/.test(value)
const version = (value: unknown): string | null =>
  typeof value === 'string' && /^[\w+-][\w.+-]{0,127}$/.test(value) ? value : null

/** A time stamp beyond these is a mistake, and one far beyond has no form as text. */
const earliestMs = Date.UTC(2000)
const latestMs = Date.UTC(2200)

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}

/** null for a line that is not an event of the ledger. */
export function parseLedgerLine(line: string): LedgerEntry | null {
  const entry = parseJson(line)
  if (!isObject(entry) || !isObject(entry['event'])) return null
  const { event_id: eventId, timestamp, extension_name: extension, state_after: stateAfter, event } = entry
  const atMs = typeof timestamp === 'string' ? Date.parse(timestamp) : Number.NaN
  const { type } = event
  if (typeof eventId !== 'string' || !(atMs >= earliestMs && atMs <= latestMs) || !isName(extension)) return null
  if (typeof stateAfter !== 'string' || !/^[\w-]{1,64}$/.test(stateAfter) || typeof type !== 'string') return null
  const failedUpgrade = type === 'upgrade_started' || type === 'upgrade_failed'
  const known = [
    event['version'],
    failedUpgrade ? event['from_version'] : event['to_version'],
    event['current_version'],
  ]
  return {
    eventId: plain(eventId, 64),
    atMs,
    extension,
    stateAfter,
    type,
    version: known.map(version).find((value) => value !== null) ?? null,
    fromVersion: version(event['from_version']),
    errorMessage: text(event['error_message'], 2_000),
    durationSecs: typeof event['duration_secs'] === 'number' ? event['duration_secs'] : null,
    logFile: text(event['log_file'], 1_024),
  }
}

export interface ExtensionState {
  name: string
  version: string | null
  state: string
}

/** Carries the last state of each extension on. One that was removed is no longer there. */
export function foldLedger(
  states: Map<string, ExtensionState>,
  { extension, type, stateAfter, version }: LedgerEntry,
): void {
  if (type === 'remove_completed') states.delete(extension)
  else
    states.set(extension, {
      name: extension,
      version: version ?? states.get(extension)?.version ?? null,
      state: stateAfter,
    })
}
