// Tells that this machine's sindri.yaml has changed, also while the agent was away.
import type { ConfigHash } from '../heartbeat/configHash.ts'
import type { Clock } from '../platform/clock.ts'
import type { ConsoleTime } from '../platform/consoleTime.ts'
import type { StateDir } from '../platform/stateDir.ts'
import type { EventSink } from './event.ts'

export interface ConfigEventsOptions {
  configHash: ConfigHash
  clock: Clock
  consoleTime: Pick<ConsoleTime, 'now'>
  stateDir: Pick<StateDir, 'read' | 'write'>
  events: EventSink
  pollMs?: number
}

const memoryFile = 'config.json'

const short = (hash: string): string => hash.slice(0, 12)

function describe(before: string | null, after: string | null): string {
  if (after === null) return 'sindri.yaml is gone.'
  return before === null
    ? `sindri.yaml appeared (${short(after)}).`
    : `sindri.yaml changed (${short(before)} to ${short(after)}).`
}

/** undefined where nothing was remembered yet. */
function recall(text: string | null): string | null | undefined {
  try {
    const { hash } = JSON.parse(text ?? '{}') as { hash?: unknown }
    return typeof hash === 'string' || hash === null ? hash : undefined
  } catch {
    return undefined
  }
}

export function startConfigEvents({
  configHash,
  clock,
  consoleTime,
  stateDir,
  events,
  pollMs = 5_000,
}: ConfigEventsOptions): {
  poll(): Promise<void>
  /** As the last look found it. */
  configHash: ConfigHash
  stop(): Promise<void>
} {
  let before = recall(stateDir.read(memoryFile))
  let running: Promise<void> | null = null

  async function look(): Promise<void> {
    const after = await configHash()
    if (after === before) return
    if (before !== undefined) {
      const metadata = { before, after }
      events.record({ type: 'CONFIG_CHANGED', message: describe(before, after), metadata, atMs: consoleTime.now() })
      await events.flush()
    }
    before = after
    stateDir.write(memoryFile, JSON.stringify({ hash: after }))
  }

  function poll(): Promise<void> {
    running ??= look().finally(() => (running = null))
    return running
  }

  void poll()
  const undo = clock.every(pollMs, () => void poll())
  return {
    poll,
    async configHash() {
      await running
      return before ?? null
    },
    async stop() {
      undo()
      await running
    },
  }
}
