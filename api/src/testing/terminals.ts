// The terminals slice on a database and bus of its own; the agent's side is played by the test, order by order.
import type { AgentViewer, KeyViewer, Order, UserViewer } from '@sindri/schema'
import type { Role } from '@sindri/schema/contract/roles'
import type { Bus } from '../platform/bus.ts'
import { createFakeClock, type FakeClock } from '../platform/clock.fake.ts'
import { createIds } from '../platform/ids.ts'
import { createJobs } from '../platform/jobs.ts'
import { silentLog } from '../platform/log.ts'
import { createTerminals, type TerminalsDeps, type TerminalsService } from '../terminals/terminals.ts'
import { openTestBus, openTestDb, type TestBus, type TestDb } from './backend.ts'

export const ids = createIds({ now: () => Date.now() })
const origin = { ip: '127.0.0.1', userAgent: null, requestId: 'req_1' }

export const until = async (what: string, look: () => unknown): Promise<void> => {
  const deadline = performance.now() + 10_000
  while (performance.now() < deadline) {
    if (await look()) return
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  throw new Error(`expected ${what}`)
}

/** An instance with a linked agent, and the service of one replica. */
export interface Stage {
  terminals: TerminalsService
  /** The service of another replica, for the same agent. */
  another(differently?: Partial<TerminalsDeps>): TerminalsService
  agent: AgentViewer
  orders: Order[]
  nextOrder<Kind extends Order['kind']>(kind: Kind): Promise<Extract<Order, { kind: Kind }>>
  link: { epoch: bigint; run: string | null } | null
  opening(): { instanceId: string; cols: number; rows: number }
  /** Opens a terminal, and the agent says that its shell runs. */
  open(viewer: UserViewer | KeyViewer): Promise<string>
}

export interface TestTerminals {
  db: TestDb
  bus: TestBus
  /** The bus of another replica, where there can be one. */
  far: Bus
  clock: FakeClock
  stage(): Promise<Stage>
  /** Somebody who is signed in. */
  person(name: string, role?: Role): Promise<UserViewer>
  entries(targetId: string): ReturnType<TestDb['prisma']['auditEntry']['findMany']>
  close(): Promise<void>
}

export const openTerminals = async (): Promise<TestTerminals> => {
  const db = await openTestDb()
  const bus = await openTestBus()
  const far = (await bus.another?.()) ?? bus
  const clock = createFakeClock()

  const stage = async (): Promise<Stage> => {
    const id = ids.make('instance')
    const { num } = await db.prisma.instance.create({
      data: {
        id,
        name: id,
        publicKey: id,
        thumbprint: id,
        epoch: 1n,
        lifecycle: 'ACTIVE',
        liveness: 'ONLINE',
        livenessAt: new Date(),
        heartbeatMs: 10_000,
        metricsMs: 30_000,
      },
    })
    const orders: Order[] = []
    const another = (differently: Partial<TerminalsDeps> = {}): TerminalsService =>
      createTerminals({
        db,
        bus,
        clock,
        log: silentLog,
        ids,
        jobs: createJobs({ clock, log: silentLog }),
        order: (instanceId, order) => instanceId === id && orders.push(order) > 0,
        linkOf: async () => made.link,
        instanceOf: async () => ({ id, name: 'forge' }),
        ...differently,
      })
    const made: Stage = {
      orders,
      link: { epoch: 1n, run: null },
      agent: { ...origin, kind: 'agent', role: 'AGENT', id, name: id, num, run: '', epoch: 1n, linkId: 'lnk' },
      terminals: another(),
      another,
      async nextOrder(kind) {
        await until(`an order ${kind}`, () => orders.some((order) => order.kind === kind))
        const [order] = orders.splice(
          orders.findIndex((each) => each.kind === kind),
          1,
        )
        return order as never
      },
      opening: () => ({ instanceId: id, cols: 80, rows: 24 }),
      async open(viewer) {
        const opened = made.terminals.open(viewer, made.opening())
        const { terminalId } = await made.nextOrder('terminalOpen')
        await made.terminals.opened(made.agent, { id: terminalId, pid: 42, shell: '/bin/bash' })
        await opened
        return terminalId
      },
    }
    return made
  }

  return {
    db,
    bus,
    far,
    clock,
    stage,
    async person(name, role = 'DEVELOPER') {
      const id = ids.make('user')
      const sessionId = ids.make('session')
      const expiresAt = new Date('2100-01-01')
      await db.prisma.user.create({
        data: {
          id,
          email: `${id.toLowerCase()}@example.com`,
          name,
          role,
          passwordHash: 'x',
          sessions: { create: { id: sessionId, tokenHash: sessionId, expiresAt } },
        },
      })
      return { ...origin, kind: 'user', id, name, role, mustChangePassword: false, sessionId }
    },
    entries: (targetId) => db.prisma.auditEntry.findMany({ where: { targetId }, orderBy: { id: 'asc' } }),
    async close() {
      await bus.close()
      await db.close()
    },
  }
}
