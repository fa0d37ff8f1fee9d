// The access slice on a database of its own, with people who are signed in and what others were told.
import type { AnonymousViewer, Cookies, Origin, User, UserViewer } from '@sindri/schema'
import type { Role } from '@sindri/schema/contract/roles'
import { createAccess, type Access } from '../access/access.ts'
import { type Bus, createBus } from '../platform/bus.ts'
import { createFakeClock, type FakeClock } from '../platform/clock.fake.ts'
import { createMemoryEngine } from '../platform/engines/memory.ts'
import { createIds } from '../platform/ids.ts'
import { createJobs } from '../platform/jobs.ts'
import { silentLog } from '../platform/log.ts'
import { openTestDb, type TestDb } from './backend.ts'

export const origin: Origin = { ip: '192.0.2.7', userAgent: 'a test', requestId: 'req_1' }
export const anonymous: AnonymousViewer = { ...origin, kind: 'anonymous', role: 'ANONYMOUS' }

/** Keeps the cookie that an answer would have set. */
export interface Jar extends Cookies {
  token: string | null
  maxAgeMs: number
}
export const openJar = (): Jar => ({
  token: null,
  maxAgeMs: 0,
  setSession(token, maxAgeMs) {
    this.token = token
    this.maxAgeMs = maxAgeMs
  },
  clearSession() {
    this.token = null
  },
})

export interface TestAccess {
  db: TestDb
  bus: Bus
  clock: FakeClock
  access: Access
  /** What was told to sockets and terminals, as "kind id". */
  told: string[]
  /** A user of that role with a password of their own, and their first session. */
  join(role: Role): Promise<{ user: User; password: string; viewer: UserViewer; token: string }>
  /** One more session of somebody. */
  signIn(email: string, password: string): Promise<{ viewer: UserViewer; token: string }>
  /** Makes the delays after failures last a minute: on a busy machine the first of them may be over too soon to be met. */
  stretchDelays(): Promise<void>
  close(): Promise<void>
}

/** On a database of its own, or on one that somebody else closes. */
export const openAccess = async (shared?: TestDb): Promise<TestAccess> => {
  const db = shared ?? (await openTestDb())
  // Expiry is judged by the database's clock; this one only ages what is remembered in memory.
  const clock = createFakeClock(Date.now())
  const bus = createBus({
    engine: createMemoryEngine(),
    onError: (error) => {
      throw error
    },
  })
  const access = createAccess({
    db,
    bus,
    clock,
    ids: createIds({ now: Date.now }),
    jobs: createJobs({ clock, log: silentLog }),
    log: silentLog,
  })
  const stop = await access.start()
  const told: string[] = []
  const publish = bus.publish.bind(bus)
  bus.publish = (topic, key, value) => {
    const { kind, id } = value as { kind?: string; id: string }
    if (topic.name === 'access.ended') told.push(`${kind} ${id}`)
    return publish(topic, key, value)
  }
  const { oneTimePassword, email } = await access.ensureAdmin({ email: 'root@example.org' })
  let joined = 0

  const signIn: TestAccess['signIn'] = async (address, password) => {
    const jar = openJar()
    await access.accounts.signIn(anonymous, { email: address, password }, jar)
    const viewer = await access.authenticate.session(jar.token ?? '', origin)
    if (!viewer) throw new Error('Expected a session after signing in, got none.')
    return { viewer, token: jar.token ?? '' }
  }
  const settle = async (address: string, oneTime: string) => {
    const password = `the password of ${address}`
    const first = await signIn(address, oneTime)
    const user = await access.accounts.changePassword(first.viewer, { current: oneTime, next: password })
    const viewer = await access.authenticate.session(first.token, origin)
    return { user, password, viewer: viewer as UserViewer, token: first.token }
  }
  const root = await settle(email, oneTimePassword ?? '')

  return {
    db,
    bus,
    clock,
    access,
    told,
    signIn,
    async join(role) {
      const issued = await access.users.create(root.viewer, {
        email: `${role.toLowerCase()}${++joined}@example.org`,
        name: `${role} ${joined}`,
        role,
      })
      return settle(issued.user.email, issued.oneTimePassword)
    },
    async stretchDelays() {
      await db.query(
        `update sign_in_throttle set blocked_until = now() + interval '1 min' where blocked_until is not null`,
      )
    },
    async close() {
      await stop()
      await bus.close()
      if (!shared) await db.close()
    },
  }
}
