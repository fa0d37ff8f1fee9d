// Metrics: takes samples in, keeps them, and answers with series, the newest and live ones.
import type { AgentViewer, LiveSample, Metrics, PublishAnswer } from '@sindri/schema'
import { LIMITS } from '@sindri/schema/contract/limits'
import type { Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import type { Jobs } from '../platform/jobs.ts'
import type { Log } from '../platform/log.ts'
import { checkRecords, toAnswer } from '../platform/records.ts'
import type { CheckedRecords, CountRecords, Window } from '../platform/records.ts'
import { topics } from '../platform/topics.ts'
import { checkLive, checkSample, type SampleRecord } from './check.ts'
import { createFindInstance } from './findInstance.ts'
import { publishGaps } from './gaps.ts'
import { createGroupCommit } from '../platform/groupCommit.ts'
import { createLatest } from './latest.ts'
import { createPartitions } from './partitions.ts'
import { forget } from './retention.ts'
import { rollUp } from './rollups.ts'
import { createSampleStore } from './sampleStore.ts'
import type { SampleBatch, Stored } from './sampleStore.ts'
import { createSeries } from './series.ts'
import { createSnapshots } from './snapshots.ts'
import { createWatch } from './watch.ts'
import type { WatchDeps } from './watch.ts'

export interface MetricsDeps {
  db: Db
  bus: Bus
  clock: Clock
  log: Log
  jobs: Jobs
  order: WatchDeps['order']
  count: CountRecords
  retentionDays: number
}

export interface MetricsService extends Metrics {
  /** Records that arrived and are not stored yet. */
  waiting(): number
  /** Makes partitions and starts the jobs. Its undo lets what is under way commit. */
  start(): Promise<() => Promise<void>>
}

const dayMs = 86_400_000
const rollupEveryMs = 60_000
const retentionEveryMs = 600_000
/** A backlog after an outage is for charts, which read it from the database. */
const freshMs = 120_000

export const createMetrics = (deps: MetricsDeps): MetricsService => {
  const { db, bus, clock, log, jobs, order, count, retentionDays } = deps
  // What retention would delete at once is not taken in.
  const acceptedMs = Math.min(LIMITS.atPastMs, retentionDays * dayMs)
  const retentionMs = retentionDays * dayMs
  const samplesKeptMs = Math.max(acceptedMs, retentionMs) + dayMs
  const window = (): Window => ({ nowMs: clock.now(), pastMs: acceptedMs })

  const partitions = createPartitions({ db, clock, acceptedMs, retentionMs })
  const writer = createGroupCommit<SampleBatch, Stored>({
    clock,
    write: createSampleStore({ db, nowMs: clock.now, ensure: partitions.ensure }),
    onSplit: (error) => log.error('a shared insert of samples failed and is tried again agent by agent', { error }),
    // The embedded database has one connection, and nothing else runs meanwhile, no keystroke either: 30 ms at most. On PostgreSQL one
    // statement is prepared while another one commits.
    ...(db.kind === 'pglite' ? { inFlight: 1, statementRows: 250 } : { inFlight: 2, statementRows: 1_500 }),
  })

  /** Whether anybody may have seen it. */
  const announce = (live: LiveSample): boolean => bus.publish(topics.metricSampled, live.instanceId, live)

  const counted = async (stream: 'samples' | 'gaps', publishing: Promise<PublishAnswer>): Promise<PublishAnswer> => {
    const answer = await publishing
    count(stream, answer)
    return answer
  }

  const store = async (
    agent: AgentViewer,
    total: number,
    checked: CheckedRecords<SampleRecord>,
  ): Promise<PublishAnswer> => {
    if (checked.accepted.length === 0) return toAnswer(total, checked, [])
    const rows = checked.accepted.map(({ record }) => record)
    const freshFromMs = clock.now() - freshMs
    const stored = await writer.add({ owner: agent.num, epoch: agent.epoch, rows })
    const fresh = rows.filter(({ sample }, i) => stored[i] && sample.at.getTime() >= freshFromMs)
    for (const { sample } of fresh) announce({ instanceId: agent.id, sample, stored: true })
    return toAnswer(total, checked, stored)
  }

  /** What came is let go once it is checked: the commit may be long in coming. */
  const publish = async (agent: AgentViewer, records: readonly unknown[]): Promise<PublishAnswer> => {
    const now = window()
    const checked = checkRecords(records, (record) => checkSample(record, now))
    return store(agent, records.length, checked)
  }

  const find = createFindInstance({ db })
  const series = createSeries({ db, clock, find })
  const snapshots = createSnapshots({ db, find })
  const latest = createLatest({ db })
  const watch = createWatch({ db, bus, clock, order })

  return {
    series: (_viewer, args) => series(args),
    snapshots: (_viewer, args) => snapshots(args),
    latest: (_viewer, instanceId) => latest(instanceId),
    watch: (_viewer, instanceIds) => watch(instanceIds),
    publish: (agent, records) => counted('samples', publish(agent, records)),
    publishGaps: (agent, records) => counted('gaps', publishGaps(db, window(), agent, records)),
    waiting: writer.waiting,
    async publishLive(agent, unchecked) {
      return announce({ instanceId: agent.id, sample: checkLive(unchecked, window()), stored: false })
    },

    async start() {
      await partitions.ensure()
      const ends = [
        jobs.start({
          name: 'metric-rollups',
          intervalMs: rollupEveryMs,
          run: async (signal) => void (await rollUp({ db, clock }, signal)),
        }),
        jobs.start({
          name: 'metric-retention',
          intervalMs: retentionEveryMs,
          async run(signal) {
            await partitions.ensure()
            await forget({ db, clock, partitions, samplesKeptMs }, signal)
          },
        }),
      ]
      return async () => {
        await writer.stop()
        await Promise.all(ends.map((end) => end()))
      }
    },
  }
}
