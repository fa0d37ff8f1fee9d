// The agents slice on a database and bus of its own, machines with real keys, and as many replicas as a test wants.
import { generateKeyPairSync, sign } from 'node:crypto'
import type { AgentViewer, EnrollerViewer, Enrolled, Registration } from '@sindri/schema'
import { type AgentAck, type CloseName, enrolStatement, linkStatement } from '@sindri/schema/contract/protocol'
import { type AgentsService, createAgents } from '../agents/agents.ts'
import type { Observed } from '../agents/observed.ts'
import type { Bus } from '../platform/bus.ts'
import { createFakeClock, type FakeClock } from '../platform/clock.fake.ts'
import { createIds } from '../platform/ids.ts'
import { createJobs, type Jobs } from '../platform/jobs.ts'
import { silentLog } from '../platform/log.ts'
import { newSecret } from '../platform/secrets.ts'
import { openTestBus, openTestDb, type TestBus, type TestDb } from './backend.ts'

const ids = createIds({ now: Date.now })
export const newRun = (): string => ids.make('request').slice(4)
export const enroller: EnrollerViewer = {
  kind: 'enroller',
  role: 'ENROLLER',
  ip: '192.0.2.9',
  userAgent: null,
  requestId: 'req_1',
}

export interface Socket {
  viewer: AgentViewer
  ack: AgentAck
  /** How it was closed from this side; resolves when it is. */
  closed: Promise<CloseName>
  closedAs: CloseName | null
}

export interface Machine {
  name: string
  publicKey: string
  run: string
  enrolled: Enrolled | null
  sign(text: string): string
  registration(more?: Partial<Registration>): Registration
  enrol(more?: Partial<Registration>): Promise<Enrolled>
  hello(nonce: string, more?: object): object
  link(more?: object, at?: { replica?: Replica; ip?: string }): Promise<Socket>
}

export interface Replica {
  id: string
  agents: AgentsService
  /** Of tokens and what is remembered; the rounds of presence have their own, so that a day passes without 17 280 of them. */
  clock: FakeClock
  /** Makes the next round of presence due and waits until it has been. */
  round(): Promise<void>
  stop(): Promise<void>
}

export interface TestAgents extends Replica {
  db: TestDb
  bus: TestBus
  /** What was recorded and committed, as "TYPE name". */
  events: Observed[]
  machine(name?: string): Machine
  another(): Promise<Replica>
  close(): Promise<void>
}

export const openAgents = async (): Promise<TestAgents> => {
  const db = await openTestDb()
  const bus = await openTestBus()
  const events: Observed[] = []
  const replicas: Replica[] = []

  const open = async (ownBus: Bus): Promise<Replica> => {
    const clock = createFakeClock(Date.now())
    const rounds = createFakeClock()
    const id = ids.make('replica')
    const running = new Set<Promise<void>>()
    const inner = createJobs({ clock: rounds, log: silentLog })
    const jobs: Jobs = {
      start: (job) =>
        inner.start({
          ...job,
          run(signal) {
            const run = job.run(signal).finally(() => running.delete(run))
            running.add(run)
            return run
          },
        }),
    }
    const agents = createAgents({
      db,
      bus: ownBus,
      clock,
      ids,
      jobs,
      log: silentLog,
      replica: id,
      consoleVersion: '0.1.0',
      linkUrl: () => 'ws://127.0.0.1:3000/graphql',
      recordEvents: async (_, seen) => () => void events.push(...seen),
    })
    const undo = await agents.start()
    let stopped = false
    const replica: Replica = {
      id,
      agents,
      clock,
      async round() {
        await rounds.advance(5_000)
        await Promise.all(running)
      },
      async stop() {
        if (stopped) return
        stopped = true
        await undo()
      },
    }
    replicas.push(replica)
    return replica
  }
  const first = await open(bus)
  let named = 0

  const machine = (name = `box-${++named}`): Machine => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const key = publicKey.export({ format: 'jwk' }).x ?? ''
    const signed = (text: string): string => sign(null, Buffer.from(text), privateKey).toString('base64url')
    const made: Machine = {
      name,
      publicKey: key,
      run: newRun(),
      enrolled: null,
      sign: signed,
      registration: (more = {}) => ({
        instanceId: name,
        publicKey: key,
        proof: signed(enrolStatement(name, key)),
        hostname: `${name}.example`,
        ...more,
      }),
      async enrol(more = {}) {
        made.enrolled = await first.agents.register(enroller, made.registration(more))
        return made.enrolled
      },
      hello: (nonce, more = {}) => ({
        kind: 'agent',
        protocolVersion: '1.0',
        instance: made.enrolled?.id,
        token: made.enrolled?.agentToken,
        run: made.run,
        signature: signed(linkStatement(nonce, made.enrolled?.id ?? '', (more as { run?: string }).run ?? made.run)),
        agentVersion: '0.1.0',
        hostname: `${name}.example`,
        heartbeatMs: 10_000,
        metricsMs: 30_000,
        notices: [],
        ...more,
      }),
      async link(more = {}, { replica = first, ip = '192.0.2.9' } = {}) {
        if (!made.enrolled) await made.enrol()
        // Rounds come when a test says so; between them its replicas must not count as dead.
        await db.query(`update replicas set seen_at = now() where seen_at > now() - interval '1 min'`)
        const closed = Promise.withResolvers<CloseName>()
        const nonce = newSecret()
        const origin = { ip, userAgent: null, requestId: 'req_2' }
        const socket: Socket = {
          viewer: undefined as never,
          ack: undefined as never,
          closed: closed.promise,
          closedAs: null,
        }
        const { viewer, ack } = await replica.agents.links.open(made.hello(nonce, more), nonce, origin, (name) => {
          socket.closedAs ??= name
          closed.resolve(name)
          // As the socket does once it is closed.
          if (socket.viewer) replica.agents.links.closed(socket.viewer)
        })
        return Object.assign(socket, { viewer, ack })
      },
    }
    return made
  }

  return {
    ...first,
    db,
    bus,
    events,
    machine,
    another: async () => open(bus.another ? await bus.another() : bus),
    async close() {
      for (const replica of replicas) await replica.stop()
      await bus.close()
      await db.close()
    },
  }
}
