// One simulated agent: the real agent's link, heartbeat, sampling and pump, around a machine that does not exist.
import { readEnv } from '@sindri/agent/env'
import { createChanges } from '@sindri/agent/heartbeat/changes'
import type { Facts } from '@sindri/agent/heartbeat/facts'
import {
  type LiveSampleInput,
  OrdersDocument,
  PublishLiveSampleDocument,
  ReportTerminalOpenedDocument,
  ReportTerminalsDocument,
} from '@sindri/agent/link/gql/graphql'
import { startHeartbeat } from '@sindri/agent/link/heartbeat'
import { type Ending, keepLink } from '@sindri/agent/link/keepLink'
import type { Link } from '@sindri/agent/link/openLink'
import { createInbox } from '@sindri/agent/link/orders'
import { startPump } from '@sindri/agent/link/pump'
import { startSampling } from '@sindri/agent/metrics/schedule'
import type { Clock } from '@sindri/agent/platform/clock'
import { createConsoleTime } from '@sindri/agent/platform/consoleTime'
import { ulid } from '@sindri/agent/platform/ids'
import type { Log } from '@sindri/agent/platform/log'
import { openOutbox, type Outbox } from '@sindri/agent/platform/outbox/outbox'
import type { Stream } from '@sindri/agent/platform/outbox/records'
import type { StateDir } from '@sindri/agent/platform/stateDir'
import { LIMITS } from '@sindri/schema/contract/limits'
import type { SwarmOptions } from './arguments.ts'
import type { Machine } from './machine.ts'

export interface AgentDeps {
  name: string
  options: Pick<SwarmOptions, 'url' | 'secret' | 'heartbeatMs' | 'metricsMs'>
  state: StateDir
  machine: Machine
  clock: Clock
  log: Log
  random: () => number
  onLink: (isUp: boolean) => void
  /** Records the console has answered for. */
  onAnswered: (stored: number, refused: number) => void
  /** MADE when it is appended; later each outcome that the console answered. */
  onRecord: (stream: Stream, record: { run: string; seq: number }, outcome: string) => void
}

export interface SimulatedAgent {
  /** Why it cannot go on; never rejects. */
  readonly ended: Promise<Ending>
  stop(): Promise<void>
}

/** Some 25 samples: while the console is away, a swarm must not eat the machine it runs on. */
const memoryBytes = 64 * 1024

export async function startSimulatedAgent(deps: AgentDeps): Promise<SimulatedAgent> {
  const { name, options, state, machine, clock, log, random } = deps
  const { facts } = machine
  const surroundings = { hostname: facts.hostname ?? name, homeDir: '/', workingDir: '/' }
  const { secret, url } = options
  const env = readEnv(
    {
      SINDRI_CONSOLE_URL: url,
      ...('file' in secret ? { SINDRI_CONSOLE_API_KEY_FILE: secret.file } : { SINDRI_CONSOLE_API_KEY: secret.value }),
      SINDRI_INSTANCE_ID: name,
    },
    surroundings,
  )
  const startedMs = clock.monotonicMs()
  const run = ulid(clock.now())
  const consoleTime = createConsoleTime(clock)
  const outbox = counted(await openOutbox({ dir: null, run, clock, nowMs: consoleTime.told, log, memoryBytes }), deps)
  const inbox = createInbox({ log })
  const changes = createChanges<Facts>()
  const intervals = {
    heartbeatMs: options.heartbeatMs ?? LIMITS.heartbeatMs,
    metricsMs: options.metricsMs ?? LIMITS.metricsMs,
  }
  let present: Link | null = null
  const toInput = <Sample extends object>(sample: Sample, atMs: number): LiveSampleInput => ({
    at: new Date(atMs).toISOString(),
    ...sample,
  })
  const sampling = startSampling({
    clock,
    consoleTime,
    log,
    reader: machine.read,
    metricsMs: intervals.metricsMs,
    onStored: (sample, atMs) => void outbox.append('samples', atMs, { ...toInput(sample, atMs) }),
    onLive: (sample, atMs) =>
      void present?.ask(PublishLiveSampleDocument, { sample: toInput(sample, atMs) }).catch(() => {}),
  })

  const obey = (link: Link, data: unknown): void => {
    const order = inbox.read((data as { orders?: unknown } | null)?.orders)
    if (order?.__typename === 'SampleFasterOrder')
      sampling.sampleFaster({ everyMs: order.everyMs, untilMs: Date.parse(order.until) })
    if (order?.__typename !== 'TerminalOpenOrder') return
    const failure = 'This agent is simulated: there is no machine behind it, and no shell.'
    link.ask(ReportTerminalOpenedDocument, { id: order.terminalId, failure }).catch(() => {})
  }

  const kept = keepLink({
    env,
    state,
    clock,
    log,
    random,
    run,
    facts: async () => facts,
    hello: () => ({ agentVersion: facts.agentVersion, hostname: surroundings.hostname, ...intervals, notices: [] }),
    onLinked(link) {
      present = link
      deps.onLink(true)
      consoleTime.learn({ consoleTimeMs: link.ack.consoleTime, askedMs: link.askedMs, heardMs: link.heardMs })
      intervals.heartbeatMs = options.heartbeatMs ?? link.ack.heartbeatMs
      intervals.metricsMs = options.metricsMs ?? link.ack.metricsMs
      sampling.setIntervalMs(intervals.metricsMs)
      sampling.sampleNow()
      const undoOrders = link.watch(
        OrdersDocument,
        (data) => obey(link, data),
        () => link.close(),
      )
      link.ask(ReportTerminalsDocument, { sessions: [] }).catch(() => {})
      const undoHeartbeat = startHeartbeat({
        link,
        clock,
        log,
        intervalMs: intervals.heartbeatMs,
        startedMs,
        facts: async () => facts,
        changes,
        notices: () => [],
        onTold: consoleTime.learn,
      })
      const pump = startPump({ link, outbox, clock, log })
      return () => {
        present = null
        deps.onLink(false)
        undoOrders()
        undoHeartbeat()
        pump.stop()
      }
    },
  })
  return {
    ended: kept.ended,
    async stop() {
      sampling.stop()
      await kept.stop()
      await outbox.close()
    },
  }
}

/** The outbox, with what was made and what the console answered told to whoever counts. */
function counted(outbox: Outbox, { onAnswered, onRecord }: Pick<AgentDeps, 'onAnswered' | 'onRecord'>): Outbox {
  return {
    ...outbox,
    append(stream, atMs, payload) {
      const record = outbox.append(stream, atMs, payload)
      onRecord(stream, record, 'MADE')
      return record
    },
    settle(batch, answer) {
      const refused = answer.outcomes.filter((outcome) => outcome === 'REFUSED').length
      onAnswered(answer.outcomes.length - refused, refused)
      batch.records.forEach((record, index) => onRecord(batch.stream, record, answer.outcomes[index] ?? ''))
      outbox.settle(batch, answer)
    },
    refuseWhole(batch, why) {
      onAnswered(0, batch.records.length)
      outbox.refuseWhole(batch, why)
    },
  }
}
