// Tells what was installed and removed: one event for each new line of the status ledger that says so, over restarts.
import type { Clock, Undo } from '../platform/clock.ts'
import type { ConsoleTime } from '../platform/consoleTime.ts'
import type { Log } from '../platform/log.ts'
import type { StateDir } from '../platform/stateDir.ts'
import { parseLedgerLine, type LedgerEntry } from '../heartbeat/statusLedger.ts'
import type { AgentEvent, EventSink } from './event.ts'
import { createFollower, type FollowedLine, type Position } from './follow.ts'

export interface LedgerEventsOptions {
  path: string
  clock: Clock
  consoleTime: Pick<ConsoleTime, 'now' | 'fromWall'>
  stateDir: Pick<StateDir, 'read' | 'write'>
  events: EventSink
  log: Log
  pollMs?: number
}

interface Memory {
  position: Position
  /** The youngest entry told, and the ids of the last ones: for a ledger that was written anew under its name. */
  newestMs: number
  told: string[]
}

const memoryFile = 'ledger.json'
const toldIds = 200

const sentence = (name: string, ...parts: (string | null)[]): string => `${[name, ...parts].filter(Boolean).join(' ')}.`
const took = (seconds: number | null): string | null => (seconds === null ? null : `in ${seconds} s`)

/** null for what is no event: beginnings, checks, news of newer versions. */
function toEvent(entry: LedgerEntry): Omit<AgentEvent, 'atMs'> | null {
  const { eventId, extension, version, fromVersion, durationSecs, errorMessage, logFile } = entry
  const metadata = { extension, version, fromVersion, durationSecs, logFile, eventId }
  const failed = (what: string): Omit<AgentEvent, 'atMs'> => {
    const why = errorMessage ? `: ${errorMessage.slice(0, 2_000)}` : ''
    return { type: 'ERROR', message: `${what} ${extension} failed${why}`, metadata }
  }
  switch (entry.type) {
    case 'install_completed':
      return {
        type: 'EXTENSION_INSTALL',
        message: sentence('Installed', extension, version, took(durationSecs)),
        metadata,
      }
    case 'upgrade_completed': {
      const message = sentence(
        'Upgraded',
        extension,
        fromVersion && `from ${fromVersion}`,
        version && `to ${version}`,
        took(durationSecs),
      )
      return { type: 'EXTENSION_INSTALL', message, metadata }
    }
    case 'remove_completed':
      return {
        type: 'EXTENSION_REMOVE',
        message: sentence('Removed', extension, version, took(durationSecs)),
        metadata,
      }
    case 'install_failed':
      return failed('Installing')
    case 'upgrade_failed':
      return failed('Upgrading')
    case 'remove_failed':
      return failed('Removing')
    default:
      return null
  }
}

function parseMemory(text: string | null): Memory | null {
  try {
    const value = JSON.parse(text ?? 'null') as Memory | null
    return value && typeof value.position.offset === 'number' && Array.isArray(value.told) ? value : null
  } catch {
    return null
  }
}

/** What was in the ledger before the agent first saw it is not news. */
export function startLedgerEvents({
  path,
  clock,
  consoleTime,
  stateDir,
  events,
  log,
  pollMs = 5_000,
}: LedgerEventsOptions): { poll(): Promise<void>; stop(): Promise<void> } {
  const memory = parseMemory(stateDir.read(memoryFile))
  const follower = createFollower(path, memory?.position ?? 'end')
  let newestMs = memory?.newestMs ?? clock.now()
  let told = memory?.told ?? []
  let saved = memory ? JSON.stringify(memory) : ''
  let running: Promise<void> | null = null

  function tell({ text, reread }: FollowedLine): void {
    const entry = parseLedgerLine(text)
    if (!entry || (reread && (entry.atMs < newestMs || told.includes(entry.eventId)))) return
    newestMs = Math.max(newestMs, entry.atMs)
    told = [...told, entry.eventId].slice(-toldIds)
    const event = toEvent(entry)
    if (!event) return
    // A wall clock that was set back after the entry was written would stamp it in the future, which the console refuses.
    const atMs = Math.min(Math.round(consoleTime.fromWall(entry.atMs)), consoleTime.now())
    events.record({ ...event, atMs })
  }

  async function look(): Promise<void> {
    try {
      const { lines, position } = await follower.read()
      for (const line of lines) tell(line)
      const next = JSON.stringify({ position, newestMs, told } satisfies Memory)
      if (next === saved) return
      // After the events, so that a death in between tells one twice rather than never; its eventId shows it.
      if (lines.length > 0) await events.flush()
      stateDir.write(memoryFile, next)
      saved = next
    } catch (error) {
      log.warn('the status ledger could not be followed', { path, error })
    }
  }

  function poll(): Promise<void> {
    running ??= look().finally(() => (running = null))
    return running
  }

  void poll()
  const undo: Undo = clock.every(pollMs, () => void poll())
  return {
    poll,
    async stop() {
      undo()
      await running
      await follower.close()
    },
  }
}
