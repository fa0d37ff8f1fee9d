// All that this machine tells of itself without being asked: extensions that come and go, a configuration that changes.
import { join } from 'node:path'
import type { AgentEnv, Surroundings } from '../env.ts'
import { type ConfigHash, createConfigHash } from '../heartbeat/configHash.ts'
import type { Clock } from '../platform/clock.ts'
import type { ConsoleTime } from '../platform/consoleTime.ts'
import type { Log } from '../platform/log.ts'
import type { StateDir } from '../platform/stateDir.ts'
import { startConfigEvents } from './configEvents.ts'
import type { EventSink } from './event.ts'
import { startLedgerEvents } from './ledgerEvents.ts'

export interface EventsOptions {
  env: Pick<AgentEnv, 'configPath'>
  surroundings: Surroundings
  state: Pick<StateDir, 'read' | 'write'>
  clock: Clock
  consoleTime: Pick<ConsoleTime, 'now' | 'fromWall'>
  log: Log
  append: (atMs: number, event: { type: string; message: string; metadata: object; at: string }) => void
  /** Resolves when what was appended is as safe as it gets. */
  flush: () => Promise<void>
}

export interface Events {
  /** For whoever else tells it: the file is looked at once for all. */
  configHash: ConfigHash
  stop(): Promise<void>
}

export function startEvents(options: EventsOptions): Events {
  const { env, surroundings, state, clock, consoleTime, log, append, flush } = options
  const events: EventSink = {
    record: ({ atMs, ...event }) => append(atMs, { ...event, at: new Date(atMs).toISOString() }),
    flush,
  }
  const path = join(surroundings.homeDir, '.sindri', 'status_ledger.jsonl')
  const ledger = startLedgerEvents({ path, clock, consoleTime, stateDir: state, events, log })
  const config = startConfigEvents({
    configHash: createConfigHash(env.configPath, surroundings),
    clock,
    consoleTime,
    stateDir: state,
    events,
  })
  return {
    configHash: config.configHash,
    async stop() {
      await Promise.all([ledger.stop(), config.stop()])
    },
  }
}
