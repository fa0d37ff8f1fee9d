// The agent, wired: what it knows of its machine goes out, what the console orders comes in, and one link carries both.
import { LIMITS } from '@sindri/schema/contract/limits'
import { join } from 'node:path'
import { createCommands } from './commands/commands.ts'
import { createRunner } from './commands/run.ts'
import type { AgentEnv, Surroundings } from './env.ts'
import { startEvents } from './events/events.ts'
import { createChanges } from './heartbeat/changes.ts'
import { createFacts } from './heartbeat/facts.ts'
import { knows } from './link/ack.ts'
import { createCommandWire } from './link/commandWire.ts'
import {
  type LiveSampleInput,
  OrdersDocument,
  OrdersWithCommandsDocument,
  PublishLiveSampleDocument,
} from './link/gql/graphql.ts'
import { startHeartbeat } from './link/heartbeat.ts'
import { type Ending, keepLink } from './link/keepLink.ts'
import type { Link } from './link/openLink.ts'
import { createInbox } from './link/orders.ts'
import { type Pump, startPump } from './link/pump.ts'
import { createTerminalWire } from './link/terminalWire.ts'
import { createReader } from './metrics/reader.ts'
import { startSampling } from './metrics/schedule.ts'
import { type Clock, sleep, type Undo } from './platform/clock.ts'
import { createConsoleTime, type Told, toOffsetMs } from './platform/consoleTime.ts'
import { ulid } from './platform/ids.ts'
import type { Log } from './platform/log.ts'
import { openOutbox } from './platform/outbox/outbox.ts'
import { startPulse } from './platform/pulse.ts'
import { shellUser } from './platform/shell.ts'
import { openStateDir } from './platform/stateDir.ts'
import { createStop, type Stop } from './platform/stop.ts'
import { createPtySpawner } from './terminals/pty.ts'
import { createSessions, type Sessions } from './terminals/sessions.ts'

export interface AgentOptions {
  env: AgentEnv
  surroundings: Surroundings
  /** The environment that shells inherit, less the agent's own variables. */
  variables: Readonly<Record<string, string | undefined>>
  version: string
  clock: Clock
  log: Log
  random: () => number
}

export interface Agent {
  /** Resolves when the agent cannot go on, with the one line that says why. */
  readonly ended: Promise<Ending>
  /** Ends shells, brings what is unsent to the console and else to disk, closes the link. */
  stop(): Promise<void>
}

/** Whoever looks sees the next one: a live sample is never sent again. */
const publishLive = (link: Link, sample: LiveSampleInput): void => {
  link.ask(PublishLiveSampleDocument, { sample }).catch(() => {})
}

/** SIGTERM flushes within five seconds. */
const graceMs = 4_500
/** Of these, for the console to take what waits, while shells and commands end; the disk keeps the rest. */
const drainMs = 1_000
/** And for the news that they have ended. */
const lastWordsMs = 500
/** Console time between starts: a clock that is wrong stays wrong while the console is away. */
const offsetFile = 'console-offset'
/** Not each millisecond is worth a write; either clock may have been set. */
const rememberMs = 1_000

/** Rejects without leaving anything behind. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const stop = createStop({ clock: options.clock, log: options.log, graceMs })
  try {
    return await wire(options, stop)
  } catch (error) {
    await stop.stop()
    throw error
  }
}

async function wire(options: AgentOptions, stop: Stop): Promise<Agent> {
  const { env, surroundings, variables, version, clock, log, random } = options
  const startedMs = clock.monotonicMs()
  const run = ulid(clock.now())
  const reader = await createReader(clock)
  const state = await openStateDir({ path: env.stateDir, clock, log })
  stop.add('state directory', () => state.close())
  if (state.path) stop.add('pulse', startPulse(state.path, clock))

  let rememberedMs = toOffsetMs(state.read(offsetFile))
  const consoleTime = createConsoleTime(clock, rememberedMs)
  const learn = (told: Told): void => {
    consoleTime.learn(told)
    if (Math.abs(consoleTime.offsetMs() - rememberedMs) < rememberMs) return
    rememberedMs = consoleTime.offsetMs()
    state.write(offsetFile, String(rememberedMs))
  }
  const outbox = await openOutbox({
    dir: state.path && join(state.path, 'spool'),
    run,
    clock,
    nowMs: consoleTime.told,
    log,
  })
  stop.add('spool', () => outbox.close())

  let intervals = { heartbeatMs: env.heartbeatMs ?? LIMITS.heartbeatMs, metricsMs: env.metricsMs ?? LIMITS.metricsMs }
  const inbox = createInbox({ log })
  const notices = (): string[] =>
    [state.notice, ...outbox.state().notices, ...inbox.notices()].filter((notice) => notice !== null)

  const terminals = createTerminalWire({
    sessions: () => sessions,
    clock,
    log,
    toLocalMs: (consoleMs) => clock.now() + consoleMs - consoleTime.now(),
  })
  const user = shellUser(variables)
  const descriptors = new Set<number>()
  const sessions: Sessions = createSessions({
    clock,
    spawn: createPtySpawner(clock, descriptors),
    env: variables,
    user,
    configuredShell: env.shell,
    idleMs: env.terminalIdleMs,
    ringBytes: env.terminalRingBytes,
    publish: terminals.publish,
    onEnded: terminals.ended,
  })
  const commands = createCommands({
    clock,
    log,
    outbox,
    nowMs: consoleTime.now,
    start: createRunner({ clock, env: variables, user, configuredShell: env.shell, descriptors }),
  })
  const commandWire = createCommandWire({ commands, outbox, clock, log })

  let present: { link: Link; pump: Pump } | null = null
  const sampling = startSampling({
    clock,
    consoleTime,
    log,
    reader,
    metricsMs: intervals.metricsMs,
    onStored: (sample, atMs) => void outbox.append('samples', atMs, { at: new Date(atMs).toISOString(), ...sample }),
    onLive: (sample, atMs) => present && publishLive(present.link, { at: new Date(atMs).toISOString(), ...sample }),
  })
  const events = startEvents({
    env,
    surroundings,
    state,
    clock,
    consoleTime,
    log,
    append: (atMs, event) => void outbox.append('events', atMs, event),
    flush: () => outbox.flush(),
  })
  const facts = createFacts({ env, surroundings, version, log, configHash: events.configHash })
  const changes = createChanges<Awaited<ReturnType<typeof facts>>>()

  const obey = (data: unknown): void => {
    const order = inbox.read((data as { orders?: unknown } | null | undefined)?.orders)
    if (!order) return
    try {
      if (order.__typename === 'SampleFasterOrder') {
        sampling.sampleFaster({ everyMs: order.everyMs, untilMs: Date.parse(order.until) })
      } else if (!commandWire.obey(order)) terminals.obey(order)
    } catch (error) {
      log.error('an order could not be carried out', { kind: order.__typename, error })
    }
  }

  /** What waits goes out while there is a link. */
  async function drain(withinMs: number): Promise<void> {
    if (!present) return
    const done = new AbortController()
    await Promise.race([
      Promise.all([present.pump.drained(), present.link.idle()]),
      sleep(clock, withinMs, done.signal),
    ])
    done.abort()
  }

  // The console takes no empty one.
  const hostname = surroundings.hostname || env.instanceId
  const link = keepLink({
    env,
    state,
    clock,
    log,
    random,
    run,
    facts,
    hello: () => ({ agentVersion: version, hostname, ...intervals, notices: notices() }),
    onLinked(linked) {
      learn({ consoleTimeMs: linked.ack.consoleTime, askedMs: linked.askedMs, heardMs: linked.heardMs })
      intervals = {
        heartbeatMs: env.heartbeatMs ?? linked.ack.heartbeatMs,
        metricsMs: env.metricsMs ?? linked.ack.metricsMs,
      }
      sampling.setIntervalMs(intervals.metricsMs)
      sampling.sampleNow()
      const undoCommands = commandWire.linked(linked)
      // Without its inbox the link is of no use: it begins anew.
      const ordersOf = knows(linked.ack, 'commands') ? OrdersWithCommandsDocument : OrdersDocument
      const undoOrders = linked.watch(ordersOf, obey, (error) => {
        log.warn('the console ended the orders', { error: error ?? undefined })
        linked.close()
      })
      const undoTerminals = terminals.linked(linked)
      const undoHeartbeat = startHeartbeat({
        link: linked,
        clock,
        log,
        intervalMs: intervals.heartbeatMs,
        startedMs,
        facts,
        changes,
        notices,
        onTold: learn,
      })
      const pump = startPump({ link: linked, outbox, clock, log })
      present = { link: linked, pump }
      const undo: Undo[] = [undoOrders, undoCommands, undoTerminals, undoHeartbeat, pump.stop]
      return () => {
        present = null
        for (const end of undo) end()
      }
    },
  })
  // Ended last first: nothing new arises, shells and commands end while their last words can be sent, and then the link may go.
  stop.add('link', () => link.stop())
  stop.add('last words', () => drain(lastWordsMs))
  stop.add(
    'terminals and commands',
    async () => void (await Promise.all([sessions.closeAll(), commands.stop(), drain(drainMs)])),
  )
  stop.add('unwritten data', () => outbox.flush())
  stop.add('events', () => events.stop())
  stop.add('sampling', () => sampling.stop())

  return {
    ended: link.ended,
    async stop() {
      await stop.stop()
    },
  }
}
