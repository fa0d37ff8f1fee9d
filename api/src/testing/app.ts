// A whole console on a port of its own, over the backend of the lane, with people and agents at hand.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Role } from '@sindri/schema/contract/roles'
import { createApp, type Started } from '../app.ts'
import { type Clock, systemClock } from '../platform/clock.ts'
import { type Env, readEnv } from '../platform/env.ts'
import { createIds } from '../platform/ids.ts'
import { createLog } from '../platform/log.ts'
import { hashOf, newSecret } from '../platform/secrets.ts'
import { enrolTestAgent, type TestAgent } from './agent.ts'
import { backend, openTestBus, openTestDb, type TestBus, type TestDb } from './backend.ts'
import { createTestClient, type Credential, type Json, type TestClient } from './client.ts'

export interface TestApp extends Started {
  db: TestDb
  bus: TestBus
  adminPassword: string
  enrolSecret: string
  /** Lines of the log so far, parsed. */
  log: Json[]
  client(credential?: Credential): TestClient
  /** A user of that role with an open session. */
  signedIn(role: Role): Promise<TestClient & { userId: string; sessionId: string }>
  makeAgent(facts?: Json): Promise<TestAgent>
  /** Ends it as SIGTERM does. */
  stop(): Promise<void>
  /** Ends it and takes its database and folder away. */
  close(): Promise<void>
}

export interface TestAppOptions {
  env?: Partial<Env>
  clock?: Clock
}

export const createTestApp = async (options: TestAppOptions = {}): Promise<TestApp> => {
  const folder = mkdtempSync(path.join(tmpdir(), 'sindri-app-'))
  const db = await openTestDb()
  const bus = await openTestBus()
  const adminPassword = randomBytes(12).toString('base64url')
  const lines: Json[] = []
  const log = createLog('debug', (line) => void lines.push(JSON.parse(line) as Json))
  const env: Env = {
    ...readEnv({}, folder),
    port: 0,
    adminPassword,
    ...(backend === 'services' && { redisUrl: 'redis://as-the-lane-says' }),
    ...options.env,
  }
  const app = createApp(env, { db, bus, log, ...(options.clock && { clock: options.clock }) })
  const started = await app.start()
  const ids = createIds(systemClock)
  const clients: TestClient[] = []

  const client = (credential?: Credential): TestClient => {
    const made = createTestClient(started.url, credential)
    clients.push(made)
    return made
  }
  const enrolSecret = readFileSync(started.enrolSecretFile, 'utf8').trim()
  const stop = async (): Promise<void> => {
    await Promise.all(clients.map((one) => one.close()))
    await app.stop()
  }

  return {
    ...started,
    db,
    bus,
    adminPassword,
    enrolSecret,
    log: lines,
    client,

    // The rows themselves: hashing a password for each of them would take longer than the tests.
    async signedIn(role) {
      const userId = ids.make('user')
      const sessionId = ids.make('session')
      const token = newSecret()
      const email = `${userId.toLowerCase()}@example.org`
      await db.prisma.user.create({ data: { id: userId, email, name: role.toLowerCase(), passwordHash: 'none', role } })
      await db.prisma.session.create({
        data: { id: sessionId, userId, tokenHash: hashOf(token), expiresAt: new Date(Date.now() + 3_600_000) },
      })
      return Object.assign(client({ cookie: `sindri_session=${token}` }), { userId, sessionId })
    },

    makeAgent: (facts) => enrolTestAgent(started.url, enrolSecret, facts),
    stop,
    async close() {
      await stop()
      await bus.close()
      await db.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
