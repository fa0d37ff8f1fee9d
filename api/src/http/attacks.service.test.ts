// Those who want in without being let in: other sites, names that point here, people with too little, agents that pose, documents that hurt.
import http from 'node:http'
import net from 'node:net'
import { CLOSE } from '@sindri/schema/contract/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestApp, type TestApp } from '../testing/app.ts'
import type { Json } from '../testing/client.ts'
import { openRawSocket, refusalOf } from '../testing/rawSocket.ts'

let app: TestApp
let admin: Awaited<ReturnType<TestApp['signedIn']>>
let port: number
beforeAll(async () => {
  app = await createTestApp()
  admin = await app.signedIn('ADMIN')
  port = Number(new URL(app.url).port)
})
afterAll(() => app.close())

/** As written: fetch would put it right. */
const send = (
  path: string,
  {
    method = 'GET',
    headers = {},
    body = '',
  }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<{ status: number; text: string; headers: http.IncomingHttpHeaders }> =>
  new Promise((resolve, reject) => {
    const req = http.request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (res) => {
      let text = ''
      res.on('data', (chunk: Buffer) => (text += chunk.toString()))
      res.on('end', () => resolve({ status: res.statusCode ?? 0, text, headers: res.headers }))
    })
    req.on('error', reject)
    req.end(body)
  })
const users = async (): Promise<number> => (await app.db.query('select 1 from users')).length
const keys = async (): Promise<number> => (await app.db.query('select 1 from api_keys')).length

const MAKE = 'mutation { createApiKey(input: { name: "made", role: ADMIN }) { secret } }'

describe('a page of another site, in the browser of an administrator', () => {
  const cookie = () => ({ cookie: admin.headers.cookie ?? '', origin: 'https://evil.example' })

  it.each([
    '',
    'text/plain',
    'text/plain;charset=UTF-8',
    'text/plain; application/json',
    'text/plain, application/json',
    'application/x-www-form-urlencoded',
    'application/x-www-form-urlencoded; x=application/json',
    'multipart/form-data; boundary=x',
    'multipart/form-data; boundary=application/json',
    'text/json',
    'application/jsonp',
    'application/json-seq',
    'application/graphql',
    'application/octet-stream',
  ])('changes nothing with content of type %j, which a browser sends without asking', async (type) => {
    const before = await keys()
    for (const body of [JSON.stringify({ query: MAKE }), `query=${encodeURIComponent(MAKE)}`, MAKE]) {
      const headers = { ...cookie(), ...(type && { 'content-type': type }) }
      expect((await send('/graphql', { method: 'POST', headers, body })).status).toBe(415)
    }
    expect(await keys()).toBe(before)
  })

  it.each(['GET', 'HEAD'])('changes nothing by %s, whatever the address says', async (method) => {
    const before = await keys()
    for (const search of [
      `query=${encodeURIComponent(MAKE)}`,
      `query=${encodeURIComponent(`query A { viewer { role } } ${MAKE.replace('mutation', 'mutation B')}`)}&operationName=B`,
      `query=${encodeURIComponent('{ viewer { role } }')}&query=${encodeURIComponent(MAKE)}`,
      `operationName=&query=${encodeURIComponent(`${MAKE} # { viewer { role } }`)}`,
    ])
      await send(`/graphql?${search}`, { method, headers: cookie() })
    expect(await keys()).toBe(before)
  })

  it('is not told by a preflight that it may, nor by any answer', async () => {
    const asking = {
      ...cookie(),
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type',
    }
    for (const path of ['/graphql', '/api/v1/instances/register', '/metrics', '/healthz', '/']) {
      for (const method of ['OPTIONS', 'GET']) {
        const { headers } = await send(path, { method, headers: asking })
        expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([])
        expect(headers['cross-origin-resource-policy']).toBe('same-origin')
      }
    }
  })

  it.each([
    'https://evil.example',
    'http://evil.example',
    'null',
    'http://127.0.0.1',
    'http://127.0.0.1:1',
    'http://localhost',
    'http://127.0.0.1.evil.example',
    'http://evil.example.127.0.0.1',
    'file://',
    'chrome-extension://abc',
    'ws://127.0.0.1',
    'not an origin',
  ])('opens no socket from %s', async (origin) => {
    expect(await refusalOf(app.url, { headers: { ...cookie(), origin } })).toMatchObject({ status: 403 })
  })

  it('opens no socket with a port that is ours at a name that is not', async () => {
    for (const origin of [
      `http://evil.example:${port}`,
      `http://127.0.0.1:${port}@evil.example`,
      `http://127.0.0.1.:${port}0`,
    ])
      expect(await refusalOf(app.url, { headers: { ...cookie(), origin } })).toMatchObject({ status: 403 })
  })
})

describe('a name that somebody points at this machine', () => {
  it.each([
    '/',
    '/graphql?query=%7Bviewer%7Brole%7D%7D',
    '/api/v1/instances/register',
    '/metrics',
    '/healthz',
    '/readyz',
    '/assets/x.js',
    '/graphql/graphiql.js',
  ])('opens nothing at %s', async (path) => {
    for (const host of ['evil.example', `evil.example:${port}`, 'localhost.evil.example', '127.0.0.1.nip.io']) {
      const { status, text } = await send(path, { headers: { host, cookie: admin.headers.cookie ?? '' } })
      expect([400, 421]).toContain(status)
      expect(text).not.toContain('"data"')
    }
  })

  it('opens no socket', async () => {
    const host = `evil.example:${port}`
    expect(
      await refusalOf(app.url, { headers: { host, origin: `http://${host}`, cookie: admin.headers.cookie ?? '' } }),
    ).toMatchObject({
      status: 421,
    })
  })
})

describe('somebody with too little', () => {
  const KEY = 'mutation ($role: Role!) { createApiKey(input: { name: "k", role: $role }) { secret apiKey { id } } }'
  const codeOf = async (
    client: Awaited<ReturnType<TestApp['signedIn']>> | ReturnType<TestApp['client']>,
    query: string,
    variables?: Json,
  ) => (await client.graphql(query, variables)).errors[0]?.extensions.code ?? null

  it('makes no key above themselves, and a key none above itself', async () => {
    const operator = await app.signedIn('OPERATOR')
    expect(await codeOf(operator, KEY, { role: 'ADMIN' })).toBe('FORBIDDEN')
    const { createApiKey } = await operator.ask(KEY, { role: 'OPERATOR' })
    const robot = app.client({ key: createApiKey.secret })
    expect(await codeOf(robot, KEY, { role: 'ADMIN' })).toBe('FORBIDDEN')
    expect(await codeOf(robot, '{ users { totalCount } }')).toBe('FORBIDDEN')
    const developer = await app.signedIn('DEVELOPER')
    expect(await codeOf(developer, KEY, { role: 'VIEWER' })).toBe('FORBIDDEN')
  })

  it('makes themselves no more', async () => {
    const operator = await app.signedIn('OPERATOR')
    const raise = 'mutation ($id: ID!) { updateUser(input: { id: $id, role: ADMIN }) { role } }'
    expect(await codeOf(operator, raise, { id: operator.userId })).toBe('FORBIDDEN')
    expect(await operator.ask('{ viewer { role } }')).toEqual({ viewer: { role: 'OPERATOR' } })
  })

  it('ends no session of others, and sees none', async () => {
    const [one, other] = [await app.signedIn('ADMIN'), await app.signedIn('ADMIN')]
    expect(await codeOf(one, 'mutation ($id: ID!) { revokeSession(id: $id) }', { id: other.sessionId })).toBe(
      'NOT_FOUND',
    )
    expect((await one.ask('{ sessions { id } }')).sessions).toEqual([{ id: one.sessionId }])
    expect(await other.ask('{ viewer { role } }')).toEqual({ viewer: { role: 'ADMIN' } })
  })

  it('does with a key what its maker may do now, and nothing once their account is closed', async () => {
    const operator = await app.signedIn('OPERATOR')
    const { createApiKey } = await operator.ask(KEY, { role: 'OPERATOR' })
    const robot = app.client({ key: createApiKey.secret })
    expect(await codeOf(robot, '{ apiKeys { totalCount } }')).toBeNull()
    const change = (input: Json) =>
      admin.ask('mutation ($input: UpdateUserInput!) { updateUser(input: $input) { role } }', {
        input: { id: operator.userId, ...input },
      })
    await change({ role: 'VIEWER' })
    expect(await robot.ask('{ viewer { role } }')).toEqual({ viewer: { role: 'VIEWER' } })
    expect(await codeOf(robot, '{ apiKeys { totalCount } }')).toBe('FORBIDDEN')
    expect(await codeOf(operator, KEY, { role: 'VIEWER' })).toBe('FORBIDDEN')
    await change({ active: false })
    expect(await codeOf(robot, '{ viewer { role } }')).toBe('UNAUTHENTICATED')
    expect(await operator.ask('{ viewer { role } }')).toEqual({ viewer: { role: null } })
    await change({ active: true })
    expect(await codeOf(robot, '{ viewer { role } }')).toBe('UNAUTHENTICATED')
  })

  it('is the holder of the bootstrap secret, of whom neither figures nor sockets know anything', async () => {
    const holder = app.client({ key: app.enrolSecret })
    expect((await holder.fetch('/metrics', { headers: { 'x-forwarded-for': '203.0.113.5' } })).status).toBe(401)
    const socket = await openRawSocket(app.url)
    socket.send({ type: 'connection_init', payload: { kind: 'key', key: app.enrolSecret } })
    expect(await socket.closed).toMatchObject({ code: CLOSE.UNAUTHENTICATED.code })
  })
})

describe('an agent', () => {
  it('that shows the token of another, or signs for another, stays out', async () => {
    const [mine, other] = [await app.makeAgent(), await app.makeAgent()]
    for (const lie of [
      (nonce: string) => ({ ...mine.init(nonce), instance: other.id, token: other.token }),
      (nonce: string) => ({ ...mine.init(nonce), token: other.token }),
      (nonce: string) => ({ ...mine.init(nonce), instance: other.id }),
      (nonce: string) => ({ ...other.init(nonce), signature: mine.init(nonce).signature }),
      (nonce: string) => ({ ...mine.init(nonce), run: other.run.replace(/^./, '0').replace(/.$/, '0') }),
    ]) {
      const socket = await openRawSocket(app.url)
      socket.send({ type: 'connection_init', payload: lie(socket.nonce) })
      expect(await socket.closed).toMatchObject({ code: CLOSE.TOKEN_REJECTED.code })
    }
    const rows = await app.db.query('select epoch from instances where id = any($1::text[])', [[mine.id, other.id]])
    expect(rows).toEqual([{ epoch: 0 }, { epoch: 0 }])
  })

  it('reads nothing of the fleet, and nothing that is for people', async () => {
    const agent = await app.makeAgent()
    const link = await agent.link()
    for (const query of [
      '{ instances { totalCount } }',
      '{ users { totalCount } }',
      '{ audit { edges { cursor } } }',
      'mutation { revealEnrolmentSecret }',
      '{ __schema { types { name } } }',
    ])
      await expect(link.ask(query)).rejects.toThrow('FORBIDDEN')
    await link.close()
  })

  it('with a token alone is nobody over HTTP', async () => {
    const agent = await app.makeAgent()
    const { errors } = await app.client({ key: agent.token }).graphql('{ viewer { role } }')
    expect(errors[0]?.extensions.code).toBe('UNAUTHENTICATED')
  })
})

describe('a document that hurts', () => {
  const ask = async (query: string, more: Json = {}): Promise<{ code: string | null; ms: number }> => {
    const startedMs = performance.now()
    const answer = await admin.fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
      body: typeof more.raw === 'string' ? more.raw : JSON.stringify({ query, ...more }),
    })
    const { errors } = (await answer.json()) as { errors?: { extensions: { code: string } }[] }
    return { code: errors?.[0]?.extensions.code ?? null, ms: performance.now() - startedMs }
  }
  const doubling = (depth: number): string =>
    Array.from({ length: depth }, (_, i) => `fragment F${i} on Viewer { ...F${i + 1} ...F${i + 1} }`).join(' ') +
    ` fragment F${depth} on Viewer { role }`
  const deepTypes = (depth: number): string =>
    `{ __schema { types { ${'fields { type { '.repeat(depth)} name ${'} } '.repeat(depth)} } } }`

  it.each<[name: string, code: string | null, query: string, more?: Json]>([
    [
      'a circle of fragments',
      'BAD_QUERY',
      '{ viewer { ...A } } fragment A on Viewer { ...B } fragment B on Viewer { ...A }',
    ],
    ['a fragment of itself', 'BAD_QUERY', '{ viewer { ...A } } fragment A on Viewer { role ...A }'],
    ['fragments that double each other', 'TOO_COMPLEX', `{ viewer { ...F0 } } ${doubling(40)}`],
    ['types of types of types', 'TOO_COMPLEX', deepTypes(6)],
    [
      'a thousand aliases',
      'TOO_COMPLEX',
      `{ ${Array.from({ length: 1000 }, (_, i) => `a${i}: __typename`).join(' ')} }`,
    ],
    [
      'a thousand sign-ins in one',
      'TOO_COMPLEX',
      `mutation { ${Array.from({ length: 60 }, (_, i) => `a${i}: signIn(email: "a@b.c", password: "${i}") { role }`).join(' ')} }`,
    ],
    ['a hundred thousand brackets', 'BAD_QUERY', '{'.repeat(100_000)],
    ['a long list of lists', 'TOO_COMPLEX', `{ instances(search: ${'['.repeat(5_000)}) { totalCount } }`],
    ['a comment of a megabyte', 'BAD_QUERY', `#${'x'.repeat(1_000_000)}`],
    ['a block of quotes without end', 'BAD_QUERY', `{ instances(search: """${'\\"""'.repeat(100_000)}`],
    ['a name of a megabyte', 'BAD_QUERY', `{ ${'x'.repeat(1_000_000)} }`],
    ['a thousand directives', 'BAD_QUERY', `{ viewer ${'@skip(if: false) '.repeat(500)} { role } }`],
    ['a number of a million digits', 'BAD_QUERY', `{ instances(first: ${'9'.repeat(1_000_000)}) { totalCount } }`],
    ['deferred parts', 'BAD_QUERY', '{ viewer { ... @defer { role } } }'],
    ['a list that is streamed', 'BAD_QUERY', '{ viewer { actions @stream(initialCount: 1) } }'],
    [
      'a persisted query',
      'BAD_INPUT',
      '',
      { query: undefined, extensions: { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } } },
    ],
    [
      'variables named for a prototype',
      null,
      'query ($__proto__: Int, $constructor: String) { instances(first: $__proto__, search: $constructor) { totalCount } }',
    ],
    [
      'variables that are a prototype',
      null,
      'query ($first: Int) { instances(first: $first) { totalCount } }',
      {
        raw: '{"query":"query ($first: Int) { instances(first: $first) { totalCount } }","variables":{"__proto__":{"first":7}}}',
      },
    ],
    ['an operation named for a prototype', 'BAD_QUERY', 'query A { viewer { role } }', { operationName: '__proto__' }],
    ['an operation named for every object', 'BAD_QUERY', 'query A { viewer { role } }', { operationName: 'toString' }],
    [
      'JSON a hundred thousand deep',
      'BAD_QUERY',
      '',
      { raw: `{"query":"{ nothing }","variables":{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}}` },
    ],
    ['JSON whose members repeat', 'BAD_QUERY', '', { raw: `{"query":"{ viewer { role } }","query":"{ nothing }"}` }],
    [
      'fifty thousand members of a list',
      'BAD_INPUT',
      'query ($p: [String!]) { instances(filter: { provider: $p }) { totalCount } }',
      { variables: { p: Array.from({ length: 50_000 }, String) } },
    ],
  ])('%s', async (_, code, query, more) => {
    const answer = await ask(query, more)
    expect(answer.code).toBe(code)
    // A second is a lot on a machine that does nothing else; this one may be busy.
    expect(answer.ms).toBeLessThan(5_000)
  })

  it('that asks for the whole schema as tools do is answered to who may see it', async () => {
    const { getIntrospectionQuery } = await import('graphql')
    expect((await ask(getIntrospectionQuery())).code).toBeNull()
    expect((await app.client().graphql(getIntrospectionQuery())).errors[0]?.extensions.code).toBe('UNAUTHENTICATED')
  })

  it('tells names of the schema to nobody who guesses', async () => {
    const { errors } = await app.client().graphql('{ user { emial } instance(id: 1, naem: 2) { naem } vewer { role } }')
    expect(errors.map(({ message }) => message).join()).not.toMatch(/did you mean/i)
  })
})

describe('what is searched means itself', () => {
  it.each(['%', 'u_r', '\\', '%%%', '\\%', 'vi%wer', '[a-z]', '.*', "' or true --"])('%j', async (search) => {
    const query =
      'query ($search: String) { users(search: $search) { totalCount } instances(search: $search) { totalCount } }'
    const { users: found, instances } = await admin.ask(query, { search })
    expect([found.totalCount, instances.totalCount]).toEqual([0, 0])
  })
})

describe('what a request says of itself', () => {
  it('is not believed: neither its address nor its id', async () => {
    const mine = await app.signedIn('OPERATOR')
    const liar = {
      'x-forwarded-for': '203.0.113.99',
      'x-real-ip': '203.0.113.99',
      forwarded: 'for=203.0.113.99',
      'x-request-id': 'req_mine',
    }
    const answer = await mine.fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...liar },
      body: JSON.stringify({ query: MAKE.replace('ADMIN', 'VIEWER') }),
    })
    expect(answer.headers.get('x-request-id')).not.toBe('req_mine')
    const [entry] = await app.db.query<Json>(
      `select ip, request_id from audit_entries where actor_id = $1 order by id desc limit 1`,
      [mine.userId],
    )
    expect(entry).toEqual({ ip: '127.0.0.1', request_id: answer.headers.get('x-request-id') })
  })

  it('is one line of the log each, whatever it holds', async () => {
    const before = app.log.length
    await send('/nowhere%0d%0a{"level":"error","message":"forged"}?a=%0A', {
      headers: { 'user-agent': '"}\t{"level":"error"}\u00e9' },
    })
    await send('/graphql?query=%7B%22%0A%7D', { headers: { 'user-agent': 'x'.repeat(8_000) } })
    // Each line was parsed as it was written; a forged one would be among them.
    expect(app.log.slice(before).filter(({ message }) => message === 'forged')).toEqual([])
    expect(app.log.slice(before).filter(({ message }) => message === 'request')).toHaveLength(2)
  })

  it.each([
    '/..%2f..%2fetc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/assets/..%5c..%5cpackage.json',
    '/....//package.json',
    '//etc/passwd',
    '/assets/%00',
    '/\\..\\package.json',
  ])('is no path: %s', async (path) => {
    const { status, text } = await send(path)
    expect(text).not.toMatch(/root:|"dependencies"/)
    expect([200, 404, 503]).toContain(status)
  })

  it('cannot put a line into a header of the answer', async () => {
    for (const path of ['/graphql%0d%0aset-cookie:%20a=b', '/%0d%0aset-cookie:a=b']) {
      const { headers } = await send(path, { headers: { accept: 'text/html' } })
      expect(headers['set-cookie']).toBeUndefined()
    }
    const answer = await new Promise<string>((resolve) => {
      let text = ''
      const socket = net.connect(port, '127.0.0.1', () =>
        socket.write('GET / HTTP/1.1\r\nHost: localhost\rset-cookie: a=b\r\n\r\n'),
      )
      socket.on('data', (chunk) => (text += chunk.toString()))
      socket.on('close', () => resolve(text))
    })
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d/)
    expect(answer).not.toContain('a=b')
  })
})

describe('signing in', () => {
  const SIGN_IN = 'mutation ($e: String!, $p: String!) { signIn(email: $e, password: $p) { role } }'

  it('never adopts a session that somebody else put into the browser', async () => {
    const planted = 'A'.repeat(43)
    const page = app.client({ cookie: `sindri_session=${planted}` })
    await page.ask(SIGN_IN, { e: app.adminEmail, p: app.adminPassword })
    expect(page.headers.cookie).not.toContain(planted)
    expect(await app.client({ cookie: `sindri_session=${planted}` }).ask('{ viewer { role } }')).toEqual({
      viewer: { role: null },
    })
    expect(await page.ask('{ viewer { role } }')).toEqual({ viewer: { role: 'ADMIN' } })
  })

  it('says the same of a wrong password and of an address nobody has', async () => {
    const refusals = await Promise.all(
      [app.adminEmail, 'nobody@example.org', 'no address at all', ''].map(async (e) => {
        const { status, headers, errors } = await app.client().graphql(SIGN_IN, { e, p: 'a wrong password' })
        return {
          status,
          challenge: headers.get('www-authenticate'),
          message: errors[0]?.message,
          code: errors[0]?.extensions.code,
          keys: Object.keys(errors[0]?.extensions ?? {}),
        }
      }),
    )
    expect(new Set(refusals.map((refusal) => JSON.stringify(refusal))).size).toBe(1)
    expect(refusals[0]).toMatchObject({ status: 401, challenge: 'Bearer', code: 'SIGN_IN_FAILED' })
  })

  it('at a public address with TLS gives a cookie that never travels in clear text, and demands TLS from then on', async () => {
    const own = await createTestApp({ env: { publicUrl: new URL('https://console.example.com') } })
    try {
      port = Number(new URL(own.url).port)
      const body = JSON.stringify({ query: SIGN_IN, variables: { e: own.adminEmail, p: own.adminPassword } })
      const json = { 'content-type': 'application/json' }
      const cookieOf = async (headers: Record<string, string>) => {
        const answer = await send('/graphql', { method: 'POST', headers: { ...json, ...headers }, body })
        return { cookie: answer.headers['set-cookie']?.[0] ?? '', hsts: answer.headers['strict-transport-security'] }
      }
      const secure = {
        cookie: expect.stringMatching(
          /^sindri_session=[\w-]{43}; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
        ),
        hsts: 'max-age=31536000',
      }
      expect(await cookieOf({ host: 'console.example.com' })).toEqual(secure)
      // A proxy that does not pass the Host on.
      expect(await cookieOf({ origin: 'https://console.example.com' })).toEqual(secure)
      expect((await cookieOf({ host: `localhost:${port}` })).cookie).toMatch(/SameSite=Lax$/)
      expect((await cookieOf({ 'x-forwarded-proto': 'https' })).cookie).toMatch(/SameSite=Lax$/)
    } finally {
      port = Number(new URL(app.url).port)
      await own.close()
    }
  })
})

it('a body that never ends is cut, and the console goes on', async () => {
  const bytes = await new Promise<number>((resolve) => {
    let sent = 0
    const socket = net.connect(port, '127.0.0.1', () => {
      socket.write(
        'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
      )
      const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(65_536, 'x'), Buffer.from('\r\n')])
      const more = (): void => {
        sent += chunk.length
        if (!socket.destroyed && sent < 200e6) socket.write(chunk, () => more())
        else socket.destroy()
      }
      more()
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(sent))
    socket.resume()
  })
  expect(bytes).toBeLessThan(100e6)
  expect((await send('/healthz')).status).toBe(200)
})

it('none of this made a user, or left a defect in the log', async () => {
  expect(app.log.filter(({ level }) => level === 'error')).toEqual([])
  expect(
    await app.db.query(`select 1 from users where email not like '%@example.org' and email <> $1`, [app.adminEmail]),
  ).toEqual([])
  expect(await users()).toBeGreaterThan(1)
})
