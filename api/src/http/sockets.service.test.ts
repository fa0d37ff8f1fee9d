// Whatever arrives on a socket gets its answer or its close code, and the console lives on.
import { CLOSE } from '@sindri/schema/contract/protocol'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createFakeClock } from '../platform/clock.fake.ts'
import { topics } from '../platform/topics.ts'
import { createTestApp, type TestApp } from '../testing/app.ts'
import { openRawSocket, type RawSocket, refusalOf } from '../testing/rawSocket.ts'

let app: TestApp
let admin: Awaited<ReturnType<TestApp['signedIn']>>
beforeAll(async () => {
  app = await createTestApp()
  admin = await app.signedIn('ADMIN')
})
afterAll(() => app.close())

const page = (): Record<string, string> => ({ cookie: admin.headers.cookie ?? '', origin: app.url })
/** A socket that has come in. */
const openPage = async (): Promise<RawSocket> => {
  const socket = await openRawSocket(app.url, { headers: page() })
  expect(await socket.init()).toMatchObject({ type: 'connection_ack' })
  return socket
}
const subscribe = (query: string, more: object = {}) => ({ id: '1', type: 'subscribe', payload: { query, ...more } })
const ASK = subscribe('{ viewer { role } }')
const isAlive = async (): Promise<boolean> => (await app.client().fetch('/healthz')).status === 200

describe('a socket comes in', () => {
  it('by the cookie of a page of this console', async () => {
    const socket = await openPage()
    socket.send(ASK)
    expect(await socket.next()).toEqual({ id: '1', type: 'next', payload: { data: { viewer: { role: 'ADMIN' } } } })
    expect(await socket.next()).toEqual({ id: '1', type: 'complete' })
    socket.ws.close()
  })

  it('by an API key', async () => {
    const { createApiKey } = await admin.ask(
      'mutation { createApiKey(input: { name: "robot", role: VIEWER }) { secret } }',
    )
    const socket = await openRawSocket(app.url)
    expect(await socket.init({ kind: 'key', key: createApiKey.secret })).toMatchObject({ type: 'connection_ack' })
    socket.send(ASK)
    expect(await socket.next()).toMatchObject({ payload: { data: { viewer: { role: 'VIEWER' } } } })
    socket.ws.close()
  })

  it('is heard before another one has said all it has to say', async () => {
    const [flood, key] = [await openPage(), await openPage()]
    const order: string[] = []
    flood.ws.on('message', () => order.push('flood'))
    key.ws.on('message', () => order.push('key'))
    for (let i = 0; i < 500; i++) flood.send({ type: 'ping' })
    key.send({ type: 'ping' })
    await expect.poll(() => order.length).toBe(501)
    expect(order.indexOf('key')).toBeLessThan(20)
    flood.ws.close()
    key.ws.close()
  })

  it('with a fresh nonce each', async () => {
    const nonces = await Promise.all(
      [1, 2].map(async () => {
        const { WebSocket } = await import('ws')
        const ws = new WebSocket(`${app.url.replace('http', 'ws')}/graphql`, ['graphql-transport-ws'])
        const nonce = await new Promise((resolve) =>
          ws.on('upgrade', (response) => resolve(response.headers['sindri-nonce'])),
        )
        ws.on('error', () => {})
        ws.terminate()
        return nonce
      }),
    )
    expect(nonces[0]).toMatch(/^[\w-]{43}$/)
    expect(nonces[0]).not.toBe(nonces[1])
  })

  it.each<[name: string, headers: () => Record<string, string>, payload: unknown, code: number]>([
    ['nobody', () => ({}), undefined, 4401],
    ['a cookie without the Origin of a page', () => ({ cookie: page().cookie ?? '' }), undefined, 4401],
    [
      'a session that never was',
      () => ({ cookie: `sindri_session=${'x'.repeat(43)}`, origin: app.url }),
      undefined,
      4401,
    ],
    ['a key that never was', () => ({}), { kind: 'key', key: `sk_${'A'.repeat(43)}` }, 4401],
    ['a key that is a number', () => ({}), { kind: 'key', key: 7 }, 4400],
    ['a key as long as a book', () => ({}), { kind: 'key', key: 'k'.repeat(10_000) }, 4400],
    ['a kind nobody knows', page, { kind: 'root' }, 4400],
    ['a kind that is a list', page, { kind: ['agent'] }, 4400],
  ])('not as %s', async (_, headers, payload, code) => {
    const socket = await openRawSocket(app.url, { headers: headers() })
    socket.send({ type: 'connection_init', ...(payload !== undefined && { payload }) })
    expect(await socket.closed).toMatchObject({ code, reason: expect.stringMatching(/./) })
    expect(await isAlive()).toBe(true)
  })

  it.each<[name: string, options: Parameters<typeof refusalOf>[1], status: number, says: RegExp]>([
    [
      'from a foreign page',
      { headers: { origin: 'https://evil.example' } },
      403,
      /^Origin: expected .*, got "https:..evil.example"/,
    ],
    ['from another port of this machine', { headers: { origin: 'http://127.0.0.1:1' } }, 403, /Origin/],
    ['from a page without an origin', { headers: { origin: 'null' } }, 403, /Origin/],
    ['under a foreign Host', { headers: { host: 'evil.example' } }, 421, /^Host: expected .*, got "?evil.example/],
    ['at another path', { path: '/socket' }, 404, /graphql, got "?.socket/],
  ])('not %s', async (_, options, status, says) => {
    const refusal = await refusalOf(app.url, options)
    expect(refusal).toMatchObject({ status, body: { errors: [{ message: expect.stringMatching(says) }] } })
  })

  it('not with another subprotocol', async () => {
    const socket = await openRawSocket(app.url, { headers: page(), protocols: [] })
    expect(await socket.closed).toMatchObject({ code: 4406 })
  })
})

describe('a message that is wrong closes its own socket alone', () => {
  const beside = openOnce()
  function openOnce(): { socket?: RawSocket } {
    return {}
  }
  beforeAll(async () => {
    beside.socket = await openPage()
  })

  it.each<[name: string, message: unknown, code: number]>([
    ['text that is no JSON', 'hello', 4400],
    ['half of a JSON', '{"type":"subscri', 4400],
    ['null', 'null', 4400],
    ['a list', '[]', 4400],
    ['no type', '{}', 4400],
    ['an unknown type', '{"type":"start","id":"1"}', 4400],
    ['a type that only a server sends', '{"type":"next","id":"1","payload":{"data":{}}}', 4400],
    ['a subscribe without id', { type: 'subscribe', payload: { query: '{ viewer { role } }' } }, 4400],
    ['an id that is a number', { ...ASK, id: 1 }, 4400],
    ['an empty id', { ...ASK, id: '' }, 4400],
    ['a subscribe without payload', { id: '1', type: 'subscribe' }, 4400],
    ['a payload that is null', { id: '1', type: 'subscribe', payload: null }, 4400],
    ['a query that is a number', { id: '1', type: 'subscribe', payload: { query: 1 } }, 4400],
    ['variables that are text', subscribe('{ viewer { role } }', { variables: 'x' }), 4400],
    ['an operation name that is a list', subscribe('{ viewer { role } }', { operationName: [] }), 4400],
    ['a second connection_init', { type: 'connection_init' }, 4429],
    ['bytes instead of text', Buffer.from([1, 2, 3]), 4400],
    ['a message beyond 1 MiB', `{"type":"ping","payload":"${'x'.repeat(1_100_000)}"}`, 1009],
  ])('%s', async (_, message, code) => {
    const socket = await openPage()
    socket.send(message)
    expect(await socket.closed).toMatchObject({ code })
    beside.socket?.send({ type: 'ping' })
    expect(await beside.socket?.next()).toEqual({ type: 'pong' })
  })

  it('text that is no UTF-8', async () => {
    const socket = await openPage()
    socket.ws.send(Buffer.from([0x7b, 0xff, 0xfe]), { binary: false })
    expect(await socket.closed).toMatchObject({ code: 1007 })
  })

  it('a subscribe before anybody came in', async () => {
    const socket = await openRawSocket(app.url, { headers: page() })
    socket.send(ASK)
    expect(await socket.closed).toMatchObject({ code: 4401 })
  })

  it('the same id twice', async () => {
    const socket = await openPage()
    socket.send(subscribe('subscription { instanceChanged { id } }'))
    socket.send(subscribe('subscription { instanceChanged { id } }'))
    expect(await socket.closed).toMatchObject({ code: 4409 })
  })

  it('nothing at all within five seconds', async () => {
    const socket = await openRawSocket(app.url, { headers: page() })
    expect(await socket.closed).toMatchObject({ code: 4408 })
  })
})

describe('an operation that is wrong is answered, and its socket stays', () => {
  it.each<[name: string, payload: object, type: 'error' | 'next', code: string, says: RegExp]>([
    ['a syntax error', { query: '{ viewer {' }, 'error', 'BAD_QUERY', /Syntax Error/],
    ['an unknown field', { query: '{ viewer { rights } }' }, 'error', 'BAD_QUERY', /rights/],
    [
      'an operation that is not there',
      { query: 'query A { viewer { role } }', operationName: 'B' },
      'error',
      'BAD_QUERY',
      /operationName/,
    ],
    [
      'a flood of aliases',
      { query: `{ ${Array.from({ length: 100 }, (_, i) => `a${i}: viewer { role }`).join(' ')} }` },
      'error',
      'TOO_COMPLEX',
      /aliases/,
    ],
    [
      'a document too deep',
      { query: `{ ${'a { '.repeat(20)} b ${'} '.repeat(20)} }` },
      'error',
      'TOO_COMPLEX',
      /levels/,
    ],
    [
      'a variable of the wrong type',
      { query: 'query ($f: Int) { instances(first: $f) { totalCount } }', variables: { f: {} } },
      'next',
      'BAD_INPUT',
      /\$f/,
    ],
    [
      'a subscription with a wrong variable',
      { query: 'subscription ($id: ID!) { metricSampled(instanceIds: [$id]) { stored } }', variables: { id: null } },
      'next',
      'BAD_INPUT',
      /\$id/,
    ],
    ['what only an agent may', { query: 'subscription { orders { __typename } }' }, 'next', 'FORBIDDEN', /agent\.obey/],
    [
      'bytes that are no base64',
      {
        query: 'mutation ($d: Bytes!) { sendTerminalInput(terminalId: "t", attachmentId: "a", offset: 0, data: $d) }',
        variables: { d: '!' },
      },
      'next',
      'BAD_INPUT',
      /base64/,
    ],
  ])('%s', async (_, payload, type, code, says) => {
    const socket = await openPage()
    socket.send({ id: '1', type: 'subscribe', payload })
    const message = await socket.next()
    const [error] = type === 'error' ? message.payload : message.payload.errors
    expect(message.type).toBe(type)
    expect(error).toMatchObject({
      message: expect.stringMatching(says),
      extensions: { code, requestId: expect.stringMatching(/^req_\w+\.1$/) },
    })
    if (type === 'next') expect(await socket.next()).toEqual({ id: '1', type: 'complete' })
    socket.send({ ...ASK, id: '2' })
    expect(await socket.next()).toMatchObject({ id: '2', type: 'next' })
    socket.ws.close()
  })

  it('more than two hundred at once', async () => {
    const socket = await openPage()
    for (let i = 0; i < 201; i += 1)
      socket.send({ ...subscribe('subscription { instanceChanged { id } }'), id: `s${i}` })
    expect(await socket.next()).toMatchObject({
      id: 's200',
      type: 'error',
      payload: [{ extensions: { code: 'LIMIT_REACHED' } }],
    })
    socket.send({ id: 's0', type: 'complete' })
    socket.ws.close()
  })

  it('to complete what never began is nothing', async () => {
    const socket = await openPage()
    socket.send({ id: 'nothing', type: 'complete' })
    socket.send({ type: 'ping', payload: { a: 1 } })
    expect(await socket.next()).toEqual({ type: 'pong', payload: { a: 1 } })
    socket.ws.close()
  })
})

describe('a socket ends with what it came in by', () => {
  const within = async (socket: RawSocket, ms: number): Promise<number> => {
    const startedMs = performance.now()
    const { code } = await socket.closed
    expect(performance.now() - startedMs).toBeLessThan(ms)
    return code
  }

  it('when its user signs out, and no other', async () => {
    const [mine, other] = [await app.signedIn('VIEWER'), await openPage()]
    const socket = await openRawSocket(app.url, { headers: { cookie: mine.headers.cookie ?? '', origin: app.url } })
    await socket.init()
    await mine.ask('mutation { signOut }')
    expect(await within(socket, 2_000)).toBe(CLOSE.UNAUTHENTICATED.code)
    other.send({ type: 'ping' })
    expect(await other.next()).toEqual({ type: 'pong' })
    other.ws.close()
  })

  it('and what it still says, by not reading that it must go, is not done', async () => {
    const users = async () => /user"\} (\d+)/.exec(await (await app.client().fetch('/metrics')).text())?.[1]
    const mine = await app.signedIn('OPERATOR')
    const before = await users()
    const socket = await openRawSocket(app.url, { headers: { cookie: mine.headers.cookie ?? '', origin: app.url } })
    await socket.init()
    socket.ws.pause()
    await mine.ask('mutation { signOut }')
    // Once this was answered, the console has closed its end.
    await mine.ask('{ viewer { role } }')
    socket.send(subscribe('mutation { createApiKey(input: { name: "late", role: VIEWER }) { secret } }'))
    await expect.poll(users).toBe(before)
    expect(await app.db.query('select 1 from api_keys where user_id = $1', [mine.userId])).toEqual([])
    socket.ws.terminate()
  })

  it('when the role of its user changes, and comes back with the new one', async () => {
    const mine = await app.signedIn('VIEWER')
    const headers = { cookie: mine.headers.cookie ?? '', origin: app.url }
    const socket = await openRawSocket(app.url, { headers })
    await socket.init()
    await admin.ask('mutation ($id: ID!) { updateUser(input: { id: $id, role: OPERATOR }) { role } }', {
      id: mine.userId,
    })
    expect(await within(socket, 2_000)).toBe(CLOSE.UNAUTHENTICATED.code)
    const again = await openRawSocket(app.url, { headers })
    await again.init()
    again.send(ASK)
    expect(await again.next()).toMatchObject({ payload: { data: { viewer: { role: 'OPERATOR' } } } })
    again.ws.close()
  })

  it('though it was just coming in when its session ended', async () => {
    const mine = await app.signedIn('VIEWER')
    const ended = { kind: 'session', id: mine.sessionId } as const
    await app.db.query(`update sessions set last_seen_at = now() - interval '2 minutes' where id = $1`, [ended.id])
    const socket = await openRawSocket(app.url, { headers: { cookie: mine.headers.cookie ?? '', origin: app.url } })
    const told = await app.bus.subscribe(topics.accessEnded, 'all')
    await app.db.tx(async (tx) => {
      await tx.query('update sessions set revoked_at = now() where id = $1', [ended.id])
      socket.send({ type: 'connection_init' })
      // PostgreSQL shows it the session as it was, and lets it wait where it writes that it was seen.
      const blocked = () => tx.query('select 1 from pg_locks where pg_backend_pid() = any(pg_blocking_pids(pid))')
      if (app.db.kind === 'postgres') await expect.poll(blocked).not.toEqual([])
      app.bus.publish(topics.accessEnded, 'all', ended)
      await told.next()
    })
    await told.return()
    expect(await within(socket, 2_000)).toBe(CLOSE.UNAUTHENTICATED.code)
  })

  it('when its key is revoked', async () => {
    const { createApiKey } = await admin.ask(
      'mutation { createApiKey(input: { name: "brief", role: VIEWER }) { secret apiKey { id } } }',
    )
    const socket = await openRawSocket(app.url)
    await socket.init({ kind: 'key', key: createApiKey.secret })
    await admin.ask('mutation ($id: ID!) { revokeApiKey(id: $id) { id } }', { id: createApiKey.apiKey.id })
    expect(await within(socket, 2_000)).toBe(CLOSE.UNAUTHENTICATED.code)
  })
})

it('a hundred sockets of one user are enough', async () => {
  const many = await app.signedIn('VIEWER')
  const headers = { cookie: many.headers.cookie ?? '', origin: app.url }
  const sockets = await Promise.all(
    Array.from({ length: 100 }, async () => {
      const socket = await openRawSocket(app.url, { headers })
      await socket.init()
      return socket
    }),
  )
  const last = await openRawSocket(app.url, { headers })
  last.send({ type: 'connection_init' })
  expect(await last.closed).toMatchObject({ code: CLOSE.FORBIDDEN.code })
  for (const { ws } of sockets) ws.terminate()
})

it('sockets are told when the console restarts, and none stays', async () => {
  const own = await createTestApp()
  try {
    const someone = await own.signedIn('VIEWER')
    const socket = await openRawSocket(own.url, { headers: { cookie: someone.headers.cookie ?? '', origin: own.url } })
    await socket.init()
    const startedMs = performance.now()
    await own.stop()
    expect(await socket.closed).toMatchObject({ code: CLOSE.RESTARTING.code })
    expect(performance.now() - startedMs).toBeLessThan(2_000)
    await expect(own.client().fetch('/healthz')).rejects.toThrow('fetch failed')
  } finally {
    await own.close()
  }
})

it('all of this left no defect in the log', () => {
  expect(app.log.filter(({ level }) => level === 'error')).toEqual([])
})

it('agents that would wait for long are told when to come back before they shake hands, and pages are let in', async () => {
  const clock = createFakeClock(Date.now())
  const own = await createTestApp({ clock })
  try {
    const user = await own.signedIn('VIEWER')
    const agent = await own.makeAgent()
    // The database lets this link wait for minutes.
    const free = Promise.withResolvers<void>()
    const tx = own.db.tx.bind(own.db)
    const transactions = vi.spyOn(own.db, 'tx').mockImplementationOnce(async (...work) => {
      await free.promise
      return tx(...work)
    })
    const link = agent.link().catch(() => null)
    await expect.poll(() => transactions.mock.calls.length).toBeGreaterThan(0)
    await clock.advance(1_280_000)
    free.resolve()
    await link
    // One that has not said who it is stands before the others.
    const first = await openRawSocket(own.url)
    expect(await refusalOf(own.url, {})).toMatchObject({
      status: 503,
      retryAfter: expect.stringMatching(/^([7-9]|10)$/) as string,
    })
    const headers = { cookie: user.headers.cookie ?? '', origin: own.url }
    const page = await openRawSocket(own.url, { headers })
    expect(await page.init()).toMatchObject({ type: 'connection_ack' })
    first.ws.terminate()
    await expect.poll(() => refusalOf(own.url, {}).catch(() => 'let in')).toBe('let in')
  } finally {
    await own.close()
  }
})
