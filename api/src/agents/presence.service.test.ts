import type { Liveness } from '@sindri/schema/contract/status'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { openAgents, type Replica, type Socket, type TestAgents } from '../testing/agents.ts'
import { gap } from '../platform/bus.ts'
import { topics } from '../platform/topics.ts'
import { livenessAfter } from './liveness.ts'

let t: TestAgents
let other: Replica
beforeAll(async () => {
  t = await openAgents()
  other = await t.another()
})
afterAll(() => t.close())
afterEach(async () => {
  // Silence of one test's machines is no news in the next.
  await t.db.query('update instances set deleted_at = now() where deleted_at is null')
  t.events.length = 0
})

const livenessOf = async ({ viewer }: Socket): Promise<string> =>
  (await t.db.prisma.instance.findUniqueOrThrow({ where: { id: viewer.id } })).liveness
const seen = ({ viewer }: Socket) =>
  t.events.filter(({ instanceId }) => instanceId === viewer.id).map(({ type }) => type)

/** As if that much time had passed in which all replicas lived and these machines were silent. */
const silent = async (...machines: (readonly [seconds: number, socket: Socket])[]) => {
  await t.db.query(
    `update replicas set heard_since = now() - interval '1 day', admits_since = now() - interval '1 day', seen_at = now() where seen_at > now() - interval '1 min'`,
  )
  await t.db.query(
    `update instances i set last_seen_at = now() - silent.seconds * interval '1 s'
     from unnest($1::text[], $2::float8[]) as silent (id, seconds) where i.id = silent.id`,
    [machines.map(([, { viewer }]) => viewer.id), machines.map(([seconds]) => seconds)],
  )
}

describe('silence', () => {
  it('makes STALE, then OFFLINE, tells so once, and a frame brings it back', async () => {
    const socket = await t.machine().link()
    await silent([15, socket])
    await t.round()
    expect(await livenessOf(socket)).toBe('ONLINE')
    await silent([22, socket])
    await t.round()
    expect(await livenessOf(socket)).toBe('STALE')
    expect(seen(socket)).toEqual(['CONNECT'])
    await silent([31, socket])
    await t.round()
    await t.round()
    expect(await livenessOf(socket)).toBe('OFFLINE')
    expect(seen(socket)).toEqual(['CONNECT', 'HEARTBEAT_LOST'])
    t.agents.links.heard(socket.viewer)
    await t.round()
    expect(await livenessOf(socket)).toBe('ONLINE')
    await t.round()
    expect(seen(socket)).toEqual(['CONNECT', 'HEARTBEAT_LOST', 'HEARTBEAT_RECOVERED'])
  })

  it('that ends while STALE is no event', async () => {
    const socket = await t.machine().link()
    await silent([25, socket])
    await t.round()
    t.agents.links.heard(socket.viewer)
    await t.round()
    expect(await livenessOf(socket)).toBe('ONLINE')
    expect(seen(socket)).toEqual(['CONNECT'])
  })

  it('that ends with a new link is over, and told', async () => {
    const machine = t.machine()
    const socket = await machine.link()
    await silent([40, socket])
    await t.round()
    await machine.link()
    expect(await livenessOf(socket)).toBe('ONLINE')
    expect(seen(socket)).toEqual(['CONNECT', 'HEARTBEAT_LOST', 'HEARTBEAT_RECOVERED', 'CONNECT'])
  })

  it('is judged by many replicas at once, and told once', async () => {
    const sockets = await Promise.all(
      Array.from({ length: 10 }, (_, i) => t.machine().link({}, { replica: i % 2 ? t : other })),
    )
    await silent(...sockets.map((socket) => [35, socket] as const))
    await Promise.all([t.round(), other.round(), t.round(), other.round()])
    expect(t.events.filter(({ type }) => type === 'HEARTBEAT_LOST')).toHaveLength(10)
    for (const socket of sockets) expect(await livenessOf(socket)).toBe('OFFLINE')
    for (const { viewer } of sockets) for (const { agents } of [t, other]) agents.links.heard(viewer)
    await Promise.all([t.round(), other.round()])
    expect(t.events.filter(({ type }) => type === 'HEARTBEAT_RECOVERED')).toHaveLength(10)
  })

  it('is judged by the rule, whatever the interval', async () => {
    const intervals = [1_000, 5_000, 10_000, 20_000, 60_000, 600_000]
    // Some seconds away from every threshold, since the test itself takes time.
    const silences = [5, 15, 22, 25, 34, 42, 52, 65, 122, 170, 185, 1_210, 1_790, 1_850]
    const all = await Promise.all(
      intervals.flatMap((heartbeatMs) =>
        silences.map(async (seconds) => ({ heartbeatMs, seconds, socket: await t.machine().link({ heartbeatMs }) })),
      ),
    )
    await silent(...all.map(({ seconds, socket }) => [seconds, socket] as const))
    await t.round()
    for (const { heartbeatMs, seconds, socket } of all) {
      expect(await livenessOf(socket), `${seconds} s at ${heartbeatMs} ms`).toBe(
        livenessAfter(seconds * 1000, heartbeatMs, 'ONLINE') satisfies Liveness,
      )
    }
  })

  it('of a machine that never linked, or was removed, is nothing', async () => {
    const machine = t.machine()
    const { id } = await machine.enrol()
    const gone = await t.machine().link()
    await silent([100, gone])
    await t.db.query('update instances set deleted_at = now() where id = $1', [gone.viewer.id])
    await t.round()
    expect((await t.db.prisma.instance.findUniqueOrThrow({ where: { id } })).liveness).toBe('NEVER')
    expect(await livenessOf(gone)).toBe('ONLINE')
  })
})

describe('an outage of ours', () => {
  it('marks nobody: after it, silence counts anew', async () => {
    const socket = await t.machine().link()
    await silent([3_600, socket])
    // No replica wrote for an hour: the database was away, or the computer slept.
    await t.db.query(`update replicas set seen_at = now() - interval '1 h'`)
    await t.round()
    expect(await livenessOf(socket)).toBe('ONLINE')
    await t.db.query(`update replicas set heard_since = now() - interval '25 s' where id = $1`, [t.id])
    await t.round()
    expect(await livenessOf(socket)).toBe('STALE')
    await t.db.query(`update replicas set heard_since = now() - interval '35 s' where id = $1`, [t.id])
    await t.round()
    expect(await livenessOf(socket)).toBe('OFFLINE')
  })

  it('is judged by each replica from when that one could hear, of whoever has no link', async () => {
    await other.round()
    const socket = await t.machine().link()
    await silent([100, socket])
    await t.db.query(`update instances set replica = null where id = $1`, [socket.viewer.id])
    await t.db.query(`update replicas set admits_since = now() where id = $1`, [t.id])
    await t.round()
    expect(await livenessOf(socket)).toBe('ONLINE')
    await other.round()
    expect(await livenessOf(socket)).toBe('OFFLINE')
  })
})

describe('a replica to which more agents come than it can let in', () => {
  const away = async (socket: Socket) => {
    await silent([100, socket])
    await t.db.query('update instances set replica = null where id = $1', [socket.viewer.id])
  }

  it('marks nobody whom it may have turned away: after it, silence counts anew', async () => {
    const socket = await t.machine().link()
    await away(socket)
    t.agents.links.turnedAway()
    await t.round()
    await t.round()
    expect(await livenessOf(socket)).toBe('ONLINE')
    await t.db.query(`update replicas set admits_since = now() - interval '35 s' where id = $1`, [t.id])
    await t.round()
    expect(await livenessOf(socket)).toBe('OFFLINE')
  })

  it('remembers it when the database was away as it wanted to write it down', async () => {
    const socket = await t.machine().link()
    await away(socket)
    t.agents.links.turnedAway()
    const query = vi.spyOn(t.db, 'query').mockRejectedValueOnce(new Error('away'))
    await t.round()
    query.mockRestore()
    await t.round()
    expect(await livenessOf(socket)).toBe('ONLINE')
  })

  it('still hears those who hold a link, and says of them what is true', async () => {
    const socket = await t.machine().link()
    await silent([100, socket])
    t.agents.links.turnedAway()
    await t.round()
    expect(await livenessOf(socket)).toBe('OFFLINE')
  })
})

describe('a replica that another judges for', () => {
  /** As it would be if this replica had last written then, while it heard everybody. */
  const wrote = (secondsAgo: number, { id }: Replica) =>
    t.db.query(`update replicas set seen_at = now() - $2 * interval '1 s' where id = $1`, [id, secondsAgo])

  it('and lives but could not write for 19 s, loses nobody', async () => {
    const socket = await t.machine().link({}, { replica: other })
    await silent([27, socket])
    await wrote(19, other)
    await t.round()
    expect(await livenessOf(socket)).toBe('ONLINE')
    // It writes again: what it heard meanwhile first.
    other.agents.links.heard(socket.viewer)
    await Promise.all([other.round(), t.round()])
    await t.round()
    expect(await livenessOf(socket)).toBe('ONLINE')
  })

  it('and cannot write, but says that it hears, loses nobody before it falls silent itself', async () => {
    const socket = await t.machine().link({}, { replica: other })
    await silent([70, socket])
    await wrote(65, other)
    const told = await t.bus.subscribe(topics.replicaHears, 'all')
    t.bus.publish(topics.replicaHears, 'all', { replica: other.id })
    await told.next()
    await t.round()
    expect(await livenessOf(socket)).toBe('ONLINE')
    await t.clock.advance(45_000)
    await t.round()
    expect(await livenessOf(socket)).toBe('STALE')
    await t.clock.advance(10_000)
    await t.round()
    expect(await livenessOf(socket)).toBe('OFFLINE')
    await told.return()
  })

  it('and cannot write, says so on the bus until it can', async () => {
    const heard: string[] = []
    const told = await t.bus.subscribe(topics.replicaHears, 'all')
    void (async () => {
      for await (const beat of told) if (beat !== gap) heard.push(beat.replica)
    })()
    await other.round()
    const away = vi.spyOn(t.db, 'query').mockRejectedValue(new Error('away'))
    await other.clock.advance(8_000)
    await other.round()
    await other.clock.advance(5_000)
    await other.round()
    await expect.poll(() => heard).toEqual([other.id])
    away.mockRestore()
    for (let round = 0; round < 4; round += 1) {
      await other.round()
      await other.clock.advance(8_000)
    }
    await told.return()
    // Once more at most, in the round in which it could write again.
    expect(heard.length).toBeLessThanOrEqual(2)
  })

  it('and was killed, loses those alone who do not come back in time', async () => {
    const dead = await t.another()
    const [back, lost] = [t.machine(), t.machine()]
    const links = await Promise.all([back, lost].map((machine) => machine.link({}, { replica: dead })))
    const [first, second] = links as [Socket, Socket]
    await silent([25, first], [25, second])
    await wrote(21, dead)
    await t.round()
    expect([await livenessOf(first), await livenessOf(second)]).toEqual(['ONLINE', 'ONLINE'])
    await back.link({}, { replica: t })
    await silent([56, second])
    await wrote(52, dead)
    await t.round()
    expect([await livenessOf(first), await livenessOf(second)]).toEqual(['ONLINE', 'OFFLINE'])
  })

  it('and was killed and started again at once, marks nobody by the row it left', async () => {
    const dead = await t.another()
    const socket = await t.machine().link({}, { replica: dead })
    const again = await t.another()
    await silent([25, socket])
    // The one that died counts as alive for as long as it might only be slow; the new one has just begun to hear.
    await wrote(15, dead)
    await t.db.query(`update replicas set heard_since = now(), admits_since = now() where id = $1`, [again.id])
    await again.round()
    expect(await livenessOf(socket)).toBe('ONLINE')
    await silent([55, socket])
    await wrote(45, dead)
    await t.db.query(`update replicas set heard_since = now(), admits_since = now() where id = $1`, [again.id])
    await again.round()
    expect(await livenessOf(socket)).toBe('ONLINE')
  })

  it('and left, has no link any more, also of agents whose end it could not write', async () => {
    const leaving = await t.another()
    const { viewer } = await t.machine().link({}, { replica: leaving })
    await leaving.stop()
    expect((await t.db.prisma.instance.findUniqueOrThrow({ where: { id: viewer.id } })).replica).toBeNull()
  })
})

describe('being heard', () => {
  it('is written for all links in one statement, as old as it is', async () => {
    const sockets = await Promise.all(Array.from({ length: 5 }, () => t.machine().link()))
    await t.db.query(`update instances set last_seen_at = now() - interval '1 h' where deleted_at is null`)
    for (const { viewer } of sockets) t.agents.links.heard(viewer)
    await t.clock.advance(3_000)
    await t.round()
    const rows = await t.db.query<{ ago: number }>(
      `select extract(epoch from now() - last_seen_at)::float8 as ago from instances where id = any($1::text[])`,
      [sockets.map(({ viewer }) => viewer.id)],
    )
    expect(rows).toHaveLength(5)
    for (const { ago } of rows) {
      expect(ago).toBeGreaterThanOrEqual(3)
      expect(ago).toBeLessThan(20)
    }
  })

  it('never moves what was seen later back, and nothing is written for who said nothing', async () => {
    const socket = await t.machine().link()
    await t.round()
    const at = async () =>
      (await t.db.prisma.instance.findUniqueOrThrow({ where: { id: socket.viewer.id } })).lastSeenAt?.getTime()
    await t.db.query(`update instances set last_seen_at = now() + interval '1 min' where id = $1`, [socket.viewer.id])
    const before = await at()
    t.agents.links.heard(socket.viewer)
    await t.round()
    expect(await at()).toBe(before)
    await t.round()
    expect(await at()).toBe(before)
  })

  it('by a link of an older epoch counts for nothing', async () => {
    const socket = await t.machine().link()
    await silent([100, socket])
    await t.db.query('update instances set epoch = epoch + 1 where id = $1', [socket.viewer.id])
    t.agents.links.heard(socket.viewer)
    await t.round()
    expect(await livenessOf(socket)).toBe('OFFLINE')
  })
})
