// The metrics slice on a database and bus of its own, with agents that report and a clock that the test moves.
import type { AgentViewer, Order, SampleInput, UserViewer } from '@sindri/schema'
import { createMetrics, type MetricsService } from '../metrics/metrics.ts'
import { createFakeClock, type FakeClock } from '../platform/clock.fake.ts'
import type { Db } from '../platform/db.ts'
import { createIds } from '../platform/ids.ts'
import { createJobs } from '../platform/jobs.ts'
import { silentLog, type Log } from '../platform/log.ts'
import { openTestBus, openTestDb, type TestBus, type TestDb } from './backend.ts'

const origin = { ip: '192.0.2.7', userAgent: null, requestId: 'req_1' }
export const viewer: UserViewer = {
  ...origin,
  kind: 'user',
  id: 'usr_1',
  name: 'Ada',
  role: 'VIEWER',
  mustChangePassword: false,
  sessionId: 'ses_1',
}
export const run = '01JCXW3K6VQZ5R8N2M4T7B9D0F'
const ids = createIds({ now: Date.now })

/** An enrolled instance with its link. */
export const makeAgent = async (db: Db, name?: string): Promise<AgentViewer> => {
  const id = ids.make('instance')
  const data = { id, name: name ?? id, publicKey: id, thumbprint: id, epoch: 1n }
  const { num } = await db.prisma.instance.create({ data })
  return { ...origin, kind: 'agent', role: 'AGENT', id, name: data.name, num, run, epoch: 1n, linkId: ids.make('link') }
}

export interface TestMetrics {
  db: TestDb
  bus: TestBus
  clock: FakeClock
  metrics: MetricsService
  orders: { instanceId: string; order: Order }[]
  /** Error lines of the log. */
  errors: string[]
  /** A sample of this moment, or `agoMs` before. */
  sample(seq: number, agoMs?: number, rest?: Partial<SampleInput>): SampleInput
  close(): Promise<void>
}

export const openMetrics = async (retentionDays = 30): Promise<TestMetrics> => {
  const db = await openTestDb()
  const bus = await openTestBus()
  const clock = createFakeClock(Date.UTC(2026, 2, 15, 12))
  const orders: TestMetrics['orders'] = []
  const errors: string[] = []
  const log: Log = { ...silentLog, error: (message) => void errors.push(message) }
  const metrics = createMetrics({
    db,
    bus,
    clock,
    log,
    jobs: createJobs({ clock, log }),
    order: (instanceId, order) => void orders.push({ instanceId, order }),
    count: () => {},
    retentionDays,
  })
  const stop = await metrics.start()
  return {
    db,
    bus,
    clock,
    metrics,
    orders,
    errors,
    sample: (seq, agoMs = 0, rest = {}) => ({
      run,
      seq,
      at: new Date(clock.now() - agoMs).toISOString(),
      cpu: { usagePercent: 10 },
      memory: { total: 8e9, used: 5e9 },
      ...rest,
    }),
    async close() {
      await stop()
      await bus.close()
      await db.close()
    },
  }
}
