// The agent, wired: what it knows of its machine goes out, what the console orders comes in, and one link carries both.
import { LIMITS } from '@sindri/schema/contract/limits'
import { join } from 'node:path'
import type { AgentEnv, Surroundings } from './env.ts'
import { startEvents } from './events/events.ts'
import { createChanges } from './heartbeat/changes.ts'
import { createFacts } from './heartbeat/facts.ts'
import { type LiveSampleInput, OrdersDocument, type OrdersSubscription, PublishLiveSampleDocument } from './link/gql/graphql.ts'
import { startHeartbeat } from './link/heartbeat.ts'
import { keepLink } from './link/keepLink.ts'
import type { Link } from './link/openLink.ts'
import { startPump } from './link/pump.ts'
import { createTerminalWire } from './link/terminalWire.ts'
import { createReader } from './metrics/reader.ts'
import { startSampling } from './metrics/schedule.ts'
import type { Clock, Undo } from './platform/clock.ts'
import { createConsoleTime } from './platform/consoleTime.ts'
import { ulid } from './platform/ids.ts'
import type { Log } from './platform/log.ts'
import { openOutbox } from './platform/outbox/outbox.ts'
import { openStateDir } from './platform/stateDir.ts'
import { createStop } from './platform/stop.ts'
import { createPtySpawner } from './terminals/pty.ts'
import { createSessions, type Sessions } from './terminals/sessions.ts'
import { shellUser } from './terminals/shell.ts'

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
  readonly ended: Promise<string>
  /** Ends shells, flushes what is unsent to disk, closes the link. */
  stop(): Promise<void>
}

/** Whoever looks sees the next one: a live sample is never sent again. */
const publishLive = (link: Link, sample: LiveSampleInput): void => {
  link.ask(PublishLiveSampleDocument, { sample }).catch(() => {})
}

/** SIGTERM flushes within five seconds. */
const graceMs = 4_500
/** Console time between starts: a clock that is wrong stays wrong while the console is away. */
const offsetFile = 'console-offset'

export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { env, surroundings, variables, version, clock, log, random } = options
  const stop = createStop({ clock, log, graceMs })
  const startedMs = clock.monotonicMs()
  const run = ulid(clock.now())
  const state = await openStateDir({ path: env.stateDir, clock, log })
  stop.add('state directory', () => state.close())

  const consoleTime = createConsoleTime(clock, Number(state.read(offsetFile)) || 0)
  const outbox = await openOutbox({ dir: state.path && join(state.path, 'spool'), run, clock, nowMs: consoleTime.now, log })
  stop.add('spool', () => outbox.close())

  let intervals = { heartbeatMs: env.heartbeatMs ?? LIMITS.heartbeatMs, metricsMs: env.metricsMs ?? LIMITS.metricsMs }
  const notices = (): string[] => [state.notice, ...outbox.state().notices].filter((notice) => notice !== null)
  const facts = createFacts({ env, surroundings, version, log })
  const changes = createChanges<Awaited<ReturnType<typeof facts>>>()

  const wire = createTerminalWire({
    sessions: () => sessions,
    clock,
    log,
    toLocalMs: (consoleMs) => clock.now() + consoleMs - consoleTime.now(),
  })
  const sessions: Sessions = createSessions({
    clock,
    spawn: createPtySpawner(clock),
    env: variables,
    user: shellUser(variables),
    configuredShell: env.shell,
    publish: wire.publish,
    onEnded: wire.ended,
  })

  let present: Link | null = null
  const sampling = startSampling({
    clock,
    consoleTime,
    log,
    reader: await createReader(clock),
    metricsMs: intervals.metricsMs,
    onStored: (sample, atMs) => void outbox.append('samples', atMs, { at: new Date(atMs).toISOString(), ...sample }),
    onLive: (sample, atMs) => present && publishLive(present, { at: new Date(atMs).toISOString(), ...sample }),
  })
  stop.add('sampling', () => sampling.stop())

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
  stop.add('events', events)

  const obey = (order: OrdersSubscription['orders']): void => {
    if (order.__typename === 'SampleFasterOrder') {
      sampling.sampleFaster({ everyMs: order.everyMs, untilMs: Date.parse(order.until) })
    } else wire.obey(order)
  }

  const link = keepLink({
    env,
    state,
    clock,
    log,
    random,
    run,
    facts,
    hello: () => ({ agentVersion: version, hostname: surroundings.hostname, ...intervals, notices: notices() }),
    onLinked(linked) {
      present = linked
      consoleTime.learn({ consoleTimeMs: linked.ack.consoleTime, askedMs: linked.askedMs, heardMs: linked.heardMs })
      state.write(offsetFile, String(consoleTime.offsetMs()))
      intervals = { heartbeatMs: env.heartbeatMs ?? linked.ack.heartbeatMs, metricsMs: env.metricsMs ?? linked.ack.metricsMs }
      sampling.setIntervalMs(intervals.metricsMs)
      sampling.sampleNow()
      const undo: Undo[] = [
        // Without its inbox the link is of no use: it begins anew.
        linked.watch(OrdersDocument, {}, ({ orders }) => obey(orders), (error) => {
          if (error) log.warn('orders ended', { error })
          linked.close()
        }),
        wire.linked(linked),
        startHeartbeat({ link: linked, clock, log, intervalMs: intervals.heartbeatMs, startedMs, facts, changes, notices }),
        startPump({ link: linked, outbox, clock, log }),
      ]
      return () => {
        present = null
        for (const end of undo) end()
      }
    },
  })
  stop.add('link', () => link.stop())
  // First of all: shells end while their last words can still be sent.
  stop.add('terminals', () => sessions.closeAll())

  return {
    ended: link.ended,
    async stop() {
      await stop.stop()
    },
  }
}
