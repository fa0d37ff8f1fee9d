import type { Order } from '@sindri/schema'
import { linkStatement, PROTOCOL } from '@sindri/schema/contract/protocol'
import { generateKeyPair, SignJWT } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { newSecret } from '../platform/secrets.ts'
import { newRun, openAgents, type Replica, type Socket, type TestAgents } from '../testing/agents.ts'

let t: TestAgents
let other: Replica
beforeAll(async () => {
  t = await openAgents()
  other = await t.another()
})
afterAll(() => t.close())
afterEach(() => {
  t.events.length = 0
})

const rowOf = (id: string) => t.db.prisma.instance.findUniqueOrThrow({ where: { id } })
/** As a token says it. */
const wholeSecond = (ms: number): number => Math.floor(ms / 1000) * 1000
const ack = (offset: number): Order => ({ kind: 'terminalAck', terminalId: 'trm_1', attachmentId: 'att_1', offset })
const seen = (id: string) => t.events.filter(({ instanceId }) => instanceId === id).map(({ type }) => type)
/** What the socket does when the peer goes. */
const drop = async (socket: Socket, { agents }: Replica = t) => {
  agents.links.closed(socket.viewer)
  await vi.waitFor(async () => expect((await rowOf(socket.viewer.id)).replica).toBeNull())
}

describe('a link', () => {
  it('opens against a signature for this very socket, and takes an epoch', async () => {
    const machine = t.machine()
    const { viewer, ack: answer } = await machine.link({ notices: ['spool only in memory'] })
    expect(viewer).toMatchObject({
      kind: 'agent',
      role: 'AGENT',
      id: machine.enrolled?.id,
      name: machine.name,
      epoch: 1n,
      ip: '192.0.2.9',
    })
    expect(answer).toMatchObject({
      protocolVersion: `${PROTOCOL.major}.${PROTOCOL.minor}`,
      consoleVersion: '0.1.0',
      epoch: 1,
      heartbeatMs: 10_000,
      metricsMs: 30_000,
    })
    expect(answer.consoleTime).toBe(t.clock.now())
    expect(answer.tokenExpiresAt).toBe(wholeSecond(answer.consoleTime) + 86_400_000)
    expect(await rowOf(viewer.id)).toMatchObject({
      epoch: 1n,
      run: viewer.run,
      replica: t.id,
      liveness: 'ONLINE',
      linkedFrom: '192.0.2.9',
      agentVersion: '0.1.0',
      protocolMinor: 0,
      notices: ['spool only in memory'],
      lastSeenAt: expect.any(Date),
      linkedAt: expect.any(Date),
      agentStartedAt: expect.any(Date),
    })
    expect(seen(viewer.id)).toEqual(['CONNECT'])
  })

  it('brings strange intervals into their range, and says which are in force', async () => {
    const { ack: answer } = await t.machine().link({ heartbeatMs: 1, metricsMs: 1e12 })
    expect(answer).toMatchObject({ heartbeatMs: 1_000, metricsMs: 3_600_000 })
  })

  it('is linked until its socket closes, and at once not any more', async () => {
    const socket = await t.machine().link()
    expect(await t.agents.linkOf(socket.viewer.id)).toEqual({ epoch: 1n, run: socket.viewer.run })
    expect(await other.agents.linkOf(socket.viewer.id)).toEqual({ epoch: 1n, run: socket.viewer.run })
    t.agents.links.closed(socket.viewer)
    expect(await t.agents.linkOf(socket.viewer.id)).toBeNull()
    await drop(socket)
    expect(await other.agents.linkOf(socket.viewer.id)).toBeNull()
    expect(await t.agents.linkOf('ins_unknown')).toBeNull()
    expect(seen(socket.viewer.id)).toEqual(['CONNECT', 'DISCONNECT'])
  })

  it('is not linked by a replica that died', async () => {
    const third = await t.another()
    const { viewer } = await t.machine().link({}, { replica: third })
    expect(await t.agents.linkOf(viewer.id)).not.toBeNull()
    await t.db.query(`update replicas set seen_at = now() - interval '1 min' where id = $1`, [third.id])
    expect(await t.agents.linkOf(viewer.id)).toBeNull()
  })
})

describe('a link is refused', () => {
  const tryLink = async (more: object | null, nonces: { signed?: string; sent?: string } = {}) => {
    const machine = t.machine()
    await machine.enrol()
    const nonce = nonces.sent ?? newSecret()
    const hello = more === null ? null : machine.hello(nonces.signed ?? nonce, more)
    return t.agents.links.open(hello, nonce, { ip: '192.0.2.1', userAgent: null, requestId: 'r' }, () => {})
  }
  const code = (expected: string) => ({ code: expected })

  it('to another major version, saying who must update', async () => {
    await expect(tryLink({ protocolVersion: '2.0' })).rejects.toMatchObject({
      code: 'VERSION',
      message: expect.stringContaining('Update the console'),
    })
    await expect(tryLink({ protocolVersion: '0.9' })).rejects.toMatchObject({
      code: 'VERSION',
      message: expect.stringContaining('Update the agent'),
    })
    await expect(tryLink({ protocolVersion: '1.99' })).resolves.toBeDefined()
  })

  it('with a signature for another socket, instance or run, or of another form', async () => {
    await expect(tryLink({}, { signed: newSecret() })).rejects.toMatchObject(code('TOKEN_REJECTED'))
    for (const signature of ['', 'x', 'A'.repeat(86)])
      await expect(tryLink({ signature })).rejects.toMatchObject(code('TOKEN_REJECTED'))
    const machine = t.machine()
    await machine.enrol()
    const nonce = newSecret()
    const hello = { ...machine.hello(nonce), run: newRun() }
    await expect(
      t.agents.links.open(hello, nonce, { ip: '', userAgent: null, requestId: 'r' }, () => {}),
    ).rejects.toMatchObject(code('TOKEN_REJECTED'))
  })

  it('with a token of another instance, another console, or none', async () => {
    const { privateKey } = await generateKeyPair('EdDSA')
    const foreign = await new SignJWT({ cnf: { jkt: 'x' } })
      .setProtectedHeader({ alg: 'EdDSA', kid: 'a'.repeat(16) })
      .setSubject('ins_1')
      .setIssuer('sindri-console')
      .sign(privateKey)
    const neighbour = await t.machine().enrol()
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(`{"sub":"${neighbour.id}"}`).toString('base64url')}.`
    for (const token of [foreign, neighbour.agentToken, unsigned, '', 'x', 'a.b.c', 'é', 'x'.repeat(4000)]) {
      await expect(tryLink({ token })).rejects.toMatchObject(code('TOKEN_REJECTED'))
    }
  })

  it('with a token whose signature was bent', async () => {
    const machine = t.machine()
    const { agentToken } = await machine.enrol()
    const [head, body, signature = ''] = agentToken.split('.')
    const token = [
      head,
      body,
      `${signature.slice(0, 10)}${signature[10] === 'A' ? 'B' : 'A'}${signature.slice(11)}`,
    ].join('.')
    await expect(machine.link({ token })).rejects.toMatchObject(code('TOKEN_REJECTED'))
  })

  it.each([
    ['no payload', null],
    ['no instance', { instance: undefined }],
    ['a foreign id', { instance: 'usr_01ARZ3NDEKTSV4RRFFQ69G5FAV' }],
    ['a long id', { instance: 'x'.repeat(100_000) }],
    ['no run', { run: null }],
    ['a run that is no ULID', { run: 'x'.repeat(26) }],
    ['a number for a token', { token: 7 }],
    ['no interval', { heartbeatMs: null }],
    ['an interval that is none', { heartbeatMs: Number.NaN }],
    ['notices that are none', { notices: 'x' }],
    ['too many notices', { notices: Array.from({ length: 17 }, () => 'x') }],
    ['a name with NUL', { hostname: 'a\0' }],
    ['no version', { protocolVersion: undefined }],
    ['a version that is none', { protocolVersion: '1' }],
    ['a version as a number', { protocolVersion: 1.0 }],
    ['a version of many parts', { protocolVersion: '1.0.0' }],
    ['a version below zero', { protocolVersion: '-1.0' }],
    ['an id that is a list', { instance: ['ins_01ARZ3NDEKTSV4RRFFQ69G5FAV'] }],
    ['an id in small letters', { instance: 'ins_01arz3ndektsv4rrffq69g5fav' }],
    ['an id with NUL', { instance: 'ins_01ARZ3NDEKTSV4RRFFQ69G5FA\0' }],
    ['a run past 128 bits', { run: '8ZZZZZZZZZZZZZZZZZZZZZZZZZ' }],
    ['a run that is an object', { run: {} }],
    ['no token', { token: undefined }],
    ['a token of a megabyte', { token: 'x'.repeat(1_000_000) }],
    ['no signature', { signature: null }],
    ['a signature that is a list', { signature: [] }],
    ['a signature of a megabyte', { signature: 'A'.repeat(1_000_000) }],
    ['no version of the agent', { agentVersion: null }],
    ['a version of the agent as long as a book', { agentVersion: 'x'.repeat(129) }],
    ['no hostname', { hostname: undefined }],
    ['a hostname as long as a book', { hostname: 'x'.repeat(256) }],
    ['an interval as text', { metricsMs: '30 s' }],
    ['an interval without end', { metricsMs: Number.POSITIVE_INFINITY }],
    ['a notice that is a number', { notices: [7] }],
    ['a notice as long as a book', { notices: ['x'.repeat(257)] }],
    ['a notice with NUL', { notices: ['a\0'] }],
  ])('with %s', async (_, more) => {
    await expect(tryLink(more)).rejects.toMatchObject(code('BAD_INPUT'))
  })

  it('for an instance that was removed, whose agent is told so', async () => {
    const machine = t.machine()
    const { id } = await machine.enrol()
    await t.db.query('update instances set deleted_at = now() where id = $1', [id])
    const nonce = newSecret()
    const closes: string[] = []
    const opening = t.agents.links.open(
      machine.hello(nonce),
      nonce,
      { ip: '', userAgent: null, requestId: 'r' },
      (name) => closes.push(name),
    )
    await expect(opening).rejects.toMatchObject(code('NOT_FOUND'))
    expect(closes).toEqual(['INSTANCE_REMOVED'])
  })

  it('but not with a token that has expired: the signature renews it', async () => {
    const machine = t.machine()
    await machine.enrol()
    await t.clock.advance(3 * 86_400_000)
    const { ack: answer } = await machine.link()
    expect(answer.tokenExpiresAt).toBe(wholeSecond(t.clock.now()) + 86_400_000)
  })

  it('and keeps its token until half of its life is over', async () => {
    const machine = t.machine()
    const { agentToken, tokenExpiresAt } = await machine.enrol()
    await t.clock.advance(43_000_000)
    const { ack: young } = await machine.link()
    expect(young).toMatchObject({ token: agentToken, tokenExpiresAt: tokenExpiresAt.getTime() })
    await t.clock.advance(1_000_000)
    const { ack: old } = await machine.link()
    expect(old.token).not.toBe(agentToken)
    expect(old.tokenExpiresAt).toBe(wholeSecond(t.clock.now()) + 86_400_000)
  })
})

describe('a newer link', () => {
  it('closes the older one, on whichever replica it is', async () => {
    const machine = t.machine()
    const first = await machine.link()
    const second = await machine.link({}, { replica: other })
    expect(await first.closed).toBe('SUPERSEDED')
    expect(second.viewer.epoch).toBe(2n)
    expect(await t.agents.linkOf(first.viewer.id)).toMatchObject({ epoch: 2n })
    const third = await machine.link()
    expect(await second.closed).toBe('SUPERSEDED')
    expect(third.closedAs).toBeNull()
    expect(await t.agents.linkOf(first.viewer.id)).toMatchObject({ epoch: 3n })
    expect(seen(first.viewer.id)).toEqual(['CONNECT', 'CONNECT', 'CONNECT'])
    expect(await rowOf(first.viewer.id)).toMatchObject({ replica: t.id, epoch: 3n })
  })

  it('of many at the same moment is one: each has an epoch of its own, and the highest stays', async () => {
    const machine = t.machine()
    await machine.enrol()
    const sockets = await Promise.all(
      Array.from({ length: 12 }, (_, i) => machine.link({}, { replica: i % 2 ? t : other })),
    )
    expect(sockets.map(({ viewer }) => Number(viewer.epoch)).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 12 }, (_, i) => i + 1),
    )
    await vi.waitFor(() => expect(sockets.filter(({ closedAs }) => closedAs === null)).toHaveLength(1))
    const stays = sockets.find(({ closedAs }) => closedAs === null)
    expect(stays?.viewer.epoch).toBe(12n)
    expect(await t.agents.linkOf(machine.enrolled?.id ?? '')).toMatchObject({ epoch: 12n })
    expect(await other.agents.linkOf(machine.enrolled?.id ?? '')).toMatchObject({ epoch: 12n })
  })

  it('is found by the older one within its next round, should the notice be lost', async () => {
    const machine = t.machine()
    const socket = await machine.link()
    await t.db.query('update instances set epoch = epoch + 1 where id = $1', [socket.viewer.id])
    t.agents.links.heard(socket.viewer)
    await t.round()
    expect(await socket.closed).toBe('SUPERSEDED')
  })

  it('makes what the older one still sends SUPERSEDED', async () => {
    const machine = t.machine()
    const { viewer } = await machine.link()
    const beat = { uptimeSeconds: 5, intervalMs: 10_000 }
    await t.agents.heartbeat(viewer, beat)
    await t.db.query('update instances set epoch = epoch + 1 where id = $1', [viewer.id])
    await expect(t.agents.heartbeat(viewer, { ...beat, intervalMs: 20_000 })).rejects.toMatchObject({
      code: 'SUPERSEDED',
    })
    await expect(t.agents.heartbeat(viewer, beat)).rejects.toMatchObject({ code: 'SUPERSEDED' })
    await expect(t.agents.orders(viewer)).rejects.toMatchObject({ code: 'SUPERSEDED' })
    await expect(t.agents.renewToken(viewer, '')).rejects.toMatchObject({ code: 'SUPERSEDED' })
    expect(await rowOf(viewer.id)).toMatchObject({ heartbeatMs: 10_000 })
  })
})

describe('clones', () => {
  it('that take the link from one another are found out: the one that held it longest stays, the other waits', async () => {
    const machine = t.machine('cloned')
    const [a, b] = [newRun(), newRun()]
    const linkA = () => machine.link({ run: a, hostname: 'original' }, { ip: '192.0.2.1' })
    const linkB = () => machine.link({ run: b, hostname: 'copy' }, { ip: '192.0.2.2', replica: other })
    await linkA()
    await t.db.query(
      `update instances set turns = jsonb_set(turns, '{0,atMs}', to_jsonb((turns->0->>'atMs')::float8 - 3600000)) where name = 'cloned'`,
    )
    await linkB()
    const present = await linkA()
    await expect(linkB()).rejects.toMatchObject({ code: 'DUPLICATE_INSTANCE', details: { retryAfterMs: 60_000 } })
    await expect(linkB()).rejects.toMatchObject({ code: 'DUPLICATE_INSTANCE' })
    expect(present.closedAs).toBeNull()
    const told = t.events.filter(({ type }) => type === 'ERROR')
    expect(told).toMatchObject([
      {
        metadata: {
          kind: 'DUPLICATE_INSTANCE',
          stays: { hostname: 'original', address: '192.0.2.1' },
          waits: { hostname: 'copy', address: '192.0.2.2' },
        },
      },
    ])
    expect(told[0]?.message).toContain('original (192.0.2.1)')
    await drop(present)
    const took = await linkB()
    expect(took.closedAs).toBeNull()
  })

  it('of which the newcomer held it longer: the present one is closed as the duplicate', async () => {
    const machine = t.machine('copied')
    const [a, b] = [newRun(), newRun()]
    await machine.link({ run: a })
    const second = await machine.link({ run: b })
    await t.db.query(
      `update instances set turns = jsonb_set(turns, '{1,atMs}', to_jsonb((turns->1->>'atMs')::float8 - 30000)) where name = 'copied'`,
    )
    const third = await machine.link({ run: a })
    expect(await second.closed).toBe('SUPERSEDED')
    const last = await machine.link({ run: b })
    expect(await third.closed).toBe('DUPLICATE_INSTANCE')
    expect(last.closedAs).toBeNull()
    await expect(machine.link({ run: a })).rejects.toMatchObject({ code: 'DUPLICATE_INSTANCE' })
  })
})

describe('the token of a link', () => {
  it('is renewed against a signature over the last nonce, each of which serves once', async () => {
    const machine = t.machine()
    const { viewer, ack: answer, closedAs } = await machine.link()
    const sign = (nonce: string) => machine.sign(linkStatement(nonce, viewer.id, machine.run))
    await t.clock.advance(16 * 3_600_000)
    const results = await Promise.allSettled([1, 2].map(() => t.agents.renewToken(viewer, sign(answer.renewNonce))))
    expect(results).toContainEqual(
      expect.objectContaining({ status: 'rejected', reason: expect.objectContaining({ code: 'TOKEN_REJECTED' }) }),
    )
    const [renewed] = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    if (!renewed) throw new Error('expected one of two renewals to be answered')
    expect(renewed.expiresAt.getTime()).toBe(wholeSecond(t.clock.now()) + 86_400_000)
    await expect(t.agents.renewToken(viewer, sign(answer.renewNonce))).rejects.toMatchObject({ code: 'TOKEN_REJECTED' })
    await t.clock.advance(16 * 3_600_000)
    expect(closedAs).toBeNull()
    const again = await t.agents.renewToken(viewer, sign(renewed.renewNonce))
    expect(again.renewNonce).not.toBe(renewed.renewNonce)
  })

  it('ends the link when it expires unrenewed', async () => {
    const socket = await t.machine().link()
    await t.clock.advance(socket.ack.tokenExpiresAt - t.clock.now() - 1)
    expect(socket.closedAs).toBeNull()
    await t.clock.advance(1)
    expect(socket.closedAs).toBe('UNAUTHENTICATED')
    expect(await t.agents.linkOf(socket.viewer.id)).toBeNull()
  })
})

describe('a heartbeat', () => {
  it('answers the time, and writes nothing when nothing is new', async () => {
    const notices = ['spool only in memory']
    const { viewer } = await t.machine().link({ notices })
    const beat = (more: object = {}) => t.agents.heartbeat(viewer, { uptimeSeconds: 120, intervalMs: 10_000, ...more })
    expect(await beat()).toEqual(new Date(t.clock.now()))
    t.agents.links.heard(viewer)
    await t.round()
    const [{ xmin } = { xmin: '' }] = await t.db.query<{ xmin: string }>(
      'select xmin::text from instances where id = $1',
      [viewer.id],
    )
    await beat()
    await beat({ notices })
    expect(await t.db.query('select xmin::text from instances where id = $1', [viewer.id])).toEqual([{ xmin }])
    const row = await rowOf(viewer.id)
    expect(Math.abs(Date.now() - (row.agentStartedAt?.getTime() ?? 0) - 120_000)).toBeLessThan(10_000)
  })

  it('changes the facts it names, clears those it says are null, and leaves the rest', async () => {
    const machine = t.machine()
    await machine.enrol({ provider: 'fly', os: 'linux', tags: [{ key: 'a', value: 'b' }] })
    const { viewer } = await machine.link()
    await t.agents.heartbeat(viewer, {
      uptimeSeconds: 1,
      intervalMs: 20_000,
      notices: ['n'],
      facts: {
        provider: null,
        yamlHash: 'b'.repeat(64),
        extensions: [{ name: 'e', version: null, state: 'failed' }],
        tags: [{ key: 'x', value: 'y' }],
      },
    })
    expect(await rowOf(viewer.id)).toMatchObject({
      provider: null,
      os: 'linux',
      yamlHash: 'b'.repeat(64),
      heartbeatMs: 20_000,
      notices: ['n'],
      tags: { a: 'b' },
      extensions: [{ name: 'e', version: null, state: 'failed' }],
    })
  })

  it.each([
    { uptimeSeconds: -1 },
    { uptimeSeconds: Number.NaN },
    { uptimeSeconds: Infinity },
    { uptimeSeconds: null },
    { intervalMs: null },
    { notices: ['x'.repeat(257)] },
    { facts: { yamlHash: 'x' } },
    { facts: [] },
    { facts: { extensions: [null] } },
  ])('with %j is refused', async (more) => {
    const { viewer } = await t.machine().link()
    const heartbeat = { uptimeSeconds: 1, intervalMs: 10_000, ...more } as never
    await expect(t.agents.heartbeat(viewer, heartbeat)).rejects.toMatchObject({ code: 'BAD_INPUT' })
  })
})

describe('orders', () => {
  it('reach the agent in their order, those given before it listened included', async () => {
    const { viewer } = await t.machine().link()
    expect(t.agents.order(viewer.id, ack(1))).toBe(true)
    const orders = (await t.agents.orders(viewer))[Symbol.asyncIterator]()
    await t.agents.order(viewer.id, ack(2))
    expect((await orders.next()).value).toEqual(ack(1))
    expect((await orders.next()).value).toEqual(ack(2))
  })

  it('given on another replica reach it, too', async () => {
    const { viewer } = await t.machine().link()
    const orders = (await t.agents.orders(viewer))[Symbol.asyncIterator]()
    for (let i = 0; i < 20; i++) expect(await other.agents.order(viewer.id, ack(i))).toBe(true)
    for (let i = 0; i < 20; i++) expect((await orders.next()).value).toEqual(ack(i))
  })

  it('go to an agent that has just linked elsewhere, once somebody asked whether it has', async () => {
    const machine = t.machine()
    const { id } = await machine.enrol()
    expect(await other.agents.order(id, ack(0))).toBe(false)
    await machine.link()
    expect(await other.agents.linkOf(id)).not.toBeNull()
    expect(await other.agents.order(id, ack(0))).toBe(true)
  })

  it('end with the link', async () => {
    const machine = t.machine()
    const first = await machine.link()
    const orders = (await t.agents.orders(first.viewer))[Symbol.asyncIterator]()
    const waiting = orders.next()
    await machine.link({}, { replica: other })
    expect(await waiting).toEqual({ done: true, value: undefined })
  })

  it('are refused to their sender while the agent does not read, and for an agent that is away', async () => {
    const machine = t.machine()
    const socket = await machine.link()
    let taken = 0
    while (t.agents.order(socket.viewer.id, ack(taken)) === true) taken++
    expect(taken).toBe(512)
    expect(socket.closedAs).toBeNull()
    await drop(socket)
    expect(await t.agents.order(socket.viewer.id, ack(0))).toBe(false)
    expect(await t.agents.order('ins_unknown', ack(0))).toBe(false)
  })

  it('from elsewhere that find no room are refused to their sender as well, until the agent reads again', async () => {
    const socket = await t.machine().link()
    const { id } = socket.viewer
    let given = 0
    await vi.waitFor(
      async () => {
        while (given < 512) await other.agents.order(id, ack(given++))
        expect(await other.agents.order(id, ack(given++))).toBe(false)
      },
      { timeout: 20_000 },
    )
    expect(socket.closedAs).toBeNull()
    const orders = (await t.agents.orders(socket.viewer))[Symbol.asyncIterator]()
    for (let i = 0; i < 512; i++) expect((await orders.next()).value).toEqual(ack(i))
    expect(await other.agents.order(id, ack(given))).toBe(false)
    await other.clock.advance(1_000)
    expect(await other.agents.order(id, ack(given))).toBe(true)
    // Of those that were given before the news arrived, some may still have been on their way.
    let offset = 0
    while (offset !== given) offset = ((await orders.next()).value as { offset: number }).offset
  })
})

it('an operator ends the link of an instance on whichever replica it is', async () => {
  const socket = await t.machine().link({}, { replica: other })
  t.agents.endLinks(socket.viewer.id, Number(socket.viewer.epoch), 'REMOVED')
  expect(await socket.closed).toBe('INSTANCE_REMOVED')
  const replaced = await t.machine().link()
  t.agents.endLinks(replaced.viewer.id, Number(replaced.viewer.epoch) - 1, 'REPLACED')
  t.agents.endLinks(replaced.viewer.id, Number(replaced.viewer.epoch), 'REPLACED')
  expect(await replaced.closed).toBe('TOKEN_REJECTED')
})

it('an agent that went away while it waited takes no link', async () => {
  const machine = t.machine()
  const { id } = await machine.enrol()
  const nonce = newSecret()
  const origin = { ip: '192.0.2.1', userAgent: null, requestId: 'r' }
  const opening = t.agents.links.open(
    machine.hello(nonce),
    nonce,
    origin,
    () => {},
    () => false,
  )
  await expect(opening).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  expect((await rowOf(id)).epoch).toBe(0n)
})

it('links that are taken together share their transactions, each with its event and an epoch of its own', async () => {
  const machines = Array.from({ length: 50 }, () => t.machine())
  for (const machine of machines) await machine.enrol()
  const transactions = vi.spyOn(t.db, 'tx')
  const sockets = await Promise.all(machines.map((machine) => machine.link()))
  // Those that come while the first ones are written wait for one another.
  expect(transactions.mock.calls.length).toBeLessThanOrEqual(10)
  transactions.mockRestore()
  for (const { viewer } of sockets) {
    expect(await rowOf(viewer.id)).toMatchObject({ epoch: 1n, replica: t.id, liveness: 'ONLINE' })
    expect(seen(viewer.id)).toEqual(['CONNECT'])
  }
})

it('links that end together are written together, each with its event, and none that a newer link took over', async () => {
  const third = await t.another()
  const machines = Array.from({ length: 20 }, () => t.machine())
  const sockets = await Promise.all(machines.map((machine) => machine.link({}, { replica: third })))
  const [moved, ...others] = sockets as [Socket, ...Socket[]]
  await machines[0]?.link({}, { replica: other })
  const transactions = vi.spyOn(t.db, 'tx')
  for (const { viewer } of sockets) third.agents.links.closed(viewer)
  await third.stop()
  // The first goes at once, the others with the next.
  expect(transactions.mock.calls.length).toBeLessThanOrEqual(2)
  transactions.mockRestore()
  for (const { viewer } of others) {
    expect((await rowOf(viewer.id)).replica).toBeNull()
    expect(seen(viewer.id)).toEqual(['CONNECT', 'DISCONNECT'])
  }
  expect((await rowOf(moved.viewer.id)).replica).toBe(other.id)
  expect(seen(moved.viewer.id)).not.toContain('DISCONNECT')
})

it('a replica that stops leaves no link behind', async () => {
  const third = await t.another()
  const sockets = await Promise.all([1, 2, 3].map(() => t.machine().link({}, { replica: third })))
  for (const { viewer } of sockets) third.agents.links.closed(viewer)
  await third.stop()
  expect(await t.db.prisma.instance.count({ where: { replica: third.id } })).toBe(0)
  expect(await t.db.prisma.replica.count({ where: { id: third.id } })).toBe(0)
})
