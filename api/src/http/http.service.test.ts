// Whatever arrives over HTTP gets its answer, and the console lives on.
import { readFileSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import { buildClientSchema, buildSchema, getIntrospectionQuery, lexicographicSortSchema, printSchema } from 'graphql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestApp, type TestApp } from '../testing/app.ts'
import type { Json, TestClient } from '../testing/client.ts'

let app: TestApp
let nobody: TestClient
let admin: Awaited<ReturnType<TestApp['signedIn']>>
beforeAll(async () => {
  app = await createTestApp()
  nobody = app.client()
  admin = await app.signedIn('ADMIN')
})
afterAll(() => app.close())

/** Past fetch, which would not send what is wrong. */
const raw = (
  headers: Record<string, string>,
  body: string | Buffer = '',
  path = '/graphql',
  method = 'POST',
): Promise<{ status: number; body: Json; headers: http.IncomingHttpHeaders }> =>
  new Promise((resolve, reject) => {
    const req = http.request(`${app.url}${path}`, { method, headers, agent: false }, (res) => {
      const chunks: Buffer[] = []
      res.on('data', (chunk: Buffer) => chunks.push(chunk))
      res.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        resolve({
          status: res.statusCode ?? 0,
          headers: res.headers,
          body: (text.startsWith('{') ? JSON.parse(text) : { text }) as Json,
        })
      })
    })
    req.on('error', reject)
    req.end(body)
  })
const json = { 'content-type': 'application/json' }
const ASK = JSON.stringify({ query: '{ viewer { role } }' })

const isAlive = async (): Promise<boolean> => (await nobody.fetch('/healthz')).status === 200

describe('a request that is wrong is told so, and harms nobody', () => {
  const deep = `{ ${'instances { edges { node { '.repeat(2)}`.concat(
    'a { '.repeat(20),
    'b',
    ' }'.repeat(20),
    '} } } '.repeat(2),
    '}',
  )
  const query = (text: string, variables?: unknown): string => JSON.stringify({ query: text, variables })

  it.each<
    [name: string, status: number, code: string, says: RegExp, headers: Record<string, string>, body: string | Buffer]
  >([
    ['malformed JSON', 400, 'BAD_INPUT', /body: expected JSON/, json, '{"query": "{ viewer'],
    ['an empty body', 400, 'BAD_INPUT', /body: expected JSON/, json, ''],
    ['null', 400, 'BAD_INPUT', /body: expected an object/, json, 'null'],
    ['a number', 400, 'BAD_INPUT', /body: expected an object/, json, '7'],
    ['a batch', 400, 'BAD_INPUT', /body: expected an object/, json, `[${ASK},${ASK}]`],
    ['no query', 400, 'BAD_INPUT', /query: expected a GraphQL document/, json, '{}'],
    ['a query that is null', 400, 'BAD_INPUT', /query: expected/, json, '{"query":null}'],
    ['a query that is a list', 400, 'BAD_INPUT', /query: expected/, json, '{"query":["{ viewer { role } }"]}'],
    [
      'variables that are text',
      400,
      'BAD_INPUT',
      /variables: expected an object/,
      json,
      '{"query":"{ viewer { role } }","variables":"{}"}',
    ],
    [
      'variables that are a list',
      400,
      'BAD_INPUT',
      /variables: expected an object/,
      json,
      '{"query":"{ viewer { role } }","variables":[]}',
    ],
    [
      'an operation name that is a number',
      400,
      'BAD_INPUT',
      /operationName: expected text/,
      json,
      '{"query":"{ viewer { role } }","operationName":1}',
    ],
    ['bytes that are no UTF-8', 400, 'BAD_INPUT', /UTF-8/, json, Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])],
    ['a compressed body', 400, 'BAD_INPUT', /content-encoding/, { ...json, 'content-encoding': 'gzip' }, ASK],
    [
      'a body beyond 1 MiB',
      413,
      'TOO_LARGE',
      /at most 1048576 bytes/,
      json,
      JSON.stringify({ query: ' '.repeat(1_100_000) }),
    ],
    ['no content type', 415, 'BAD_INPUT', /content-type/, {}, ASK],
    [
      'a form, as a foreign page could send it',
      415,
      'BAD_INPUT',
      /content-type/,
      { 'content-type': 'application/x-www-form-urlencoded' },
      'query={viewer{role}}',
    ],
    [
      'plain text, as a foreign page could send it',
      415,
      'BAD_INPUT',
      /content-type/,
      { 'content-type': 'text/plain' },
      ASK,
    ],
    [
      'a multipart form',
      415,
      'BAD_INPUT',
      /content-type/,
      { 'content-type': 'multipart/form-data; boundary=x' },
      '--x--',
    ],
    [
      'GraphQL as a content type',
      415,
      'BAD_INPUT',
      /content-type/,
      { 'content-type': 'application/graphql' },
      '{ viewer { role } }',
    ],
    ['a foreign Host', 421, 'FORBIDDEN', /Host: expected .*evil\.example/, { ...json, host: 'evil.example' }, ASK],
    ['a Host that poses as ours', 421, 'FORBIDDEN', /Host/, { ...json, host: 'localhost@evil.example' }, ASK],
    ['a syntax error', 400, 'BAD_QUERY', /Syntax Error/, json, query('{ viewer { role }')],
    ['an unknown field', 400, 'BAD_QUERY', /Cannot query field "rights"/, json, query('{ viewer { rights } }')],
    [
      'an unknown argument',
      400,
      'BAD_QUERY',
      /Unknown argument/,
      json,
      query('{ instance(id: "x", name: "y") { id } }'),
    ],
    ['a missing argument', 400, 'BAD_QUERY', /required/, json, query('{ instance { id } }')],
    ['an unknown directive', 400, 'BAD_QUERY', /Unknown directive/, json, query('{ viewer @drop { role } }')],
    [
      'an operation that is not there',
      400,
      'BAD_QUERY',
      /operationName/,
      json,
      JSON.stringify({ query: 'query A { viewer { role } }', operationName: 'B' }),
    ],
    ['a document without operations', 400, 'BAD_QUERY', /never used/, json, query('fragment F on Viewer { role }')],
    [
      'a subscription',
      400,
      'BAD_QUERY',
      /graphql-transport-ws/,
      json,
      query('subscription { instanceChanged { id } }'),
    ],
    ['a document too deep', 400, 'TOO_COMPLEX', /levels/, json, query(deep)],
    [
      'a flood of aliases',
      400,
      'TOO_COMPLEX',
      /aliases/,
      json,
      query(`{ ${Array.from({ length: 100 }, (_, i) => `a${i}: viewer { role }`).join(' ')} }`),
    ],
    ['a flood of fields', 400, 'TOO_COMPLEX', /tokens/, json, query(`{ ${'viewer { role } '.repeat(5000)} }`)],
    [
      'a variable of the wrong type',
      400,
      'BAD_INPUT',
      /\$first/,
      json,
      query('query ($first: Int) { instances(first: $first) { totalCount } }', { first: 'ten' }),
    ],
    [
      'a variable that is missing',
      400,
      'BAD_INPUT',
      /\$id/,
      json,
      query('query ($id: ID!) { instance(id: $id) { id } }'),
    ],
    [
      'a null for what must be there',
      400,
      'BAD_INPUT',
      /\$id/,
      json,
      query('query ($id: ID!) { instance(id: $id) { id } }', { id: null }),
    ],
    [
      'a number beyond 32 bits',
      400,
      'BAD_INPUT',
      /\$first/,
      json,
      query('query ($first: Int) { instances(first: $first) { totalCount } }', { first: 1e12 }),
    ],
    [
      'text that is no base64',
      400,
      'BAD_INPUT',
      /base64/,
      json,
      query('mutation ($d: Bytes!) { sendTerminalInput(terminalId: "t", attachmentId: "a", offset: 0, data: $d) }', {
        d: 'a*b=',
      }),
    ],
    [
      'a negative offset as text',
      400,
      'BAD_INPUT',
      /BigInt/,
      json,
      query('mutation ($o: BigInt!) { sendTerminalInput(terminalId: "t", attachmentId: "a", offset: $o, data: "") }', {
        o: '-1e3',
      }),
    ],
    [
      'an enrolment without any field',
      400,
      'BAD_INPUT',
      /\$input/,
      json,
      query('mutation ($input: RegisterInstanceInput!) { registerInstance(input: $input) { id } }', { input: {} }),
    ],
    [
      'an unknown member of an input',
      400,
      'BAD_INPUT',
      /unknown field/,
      json,
      query('mutation ($input: RegisterInstanceInput!) { registerInstance(input: $input) { id } }', {
        input: { instanceId: 'a', publicKey: 'b', proof: 'c', root: true },
      }),
    ],
    [
      'a question for the schema by nobody',
      401,
      'UNAUTHENTICATED',
      /signed-in/,
      json,
      query('{ __schema { types { name } } }'),
    ],
    [
      'a question that needs to sign in',
      401,
      'UNAUTHENTICATED',
      /Sign in/,
      json,
      query('{ instances { totalCount } }'),
    ],
    [
      'a key that never was',
      401,
      'UNAUTHENTICATED',
      /not valid/,
      { ...json, authorization: `Bearer sk_${'A'.repeat(43)}` },
      ASK,
    ],
    [
      'an authorization of another kind',
      401,
      'UNAUTHENTICATED',
      /Bearer/,
      { ...json, authorization: 'Basic YTpi' },
      ASK,
    ],
    [
      'a token with bytes in it',
      401,
      'UNAUTHENTICATED',
      /Bearer/,
      { ...json, authorization: 'Bearer \u00e9\u00e9' },
      ASK,
    ],
  ])('%s', async (_, status, code, says, headers, body) => {
    const answer = await raw({ accept: 'application/graphql-response+json', ...headers }, body)
    expect(answer.body.errors?.[0]?.message).toMatch(says)
    expect([answer.status, answer.body.errors[0].extensions.code]).toEqual([status, code])
    expect(answer.headers['www-authenticate']).toBe(status === 401 ? 'Bearer' : undefined)
    expect(answer.body.errors[0].extensions.requestId).toBe(answer.headers['x-request-id'])
    expect(await isAlive()).toBe(true)
  })

  it('a mutation by GET changes nothing', async () => {
    const answer = await admin.fetch(`/graphql?query=${encodeURIComponent('mutation { signOut }')}`)
    expect(answer.status).toBe(405)
    expect(answer.headers.get('allow')).toBe('POST')
    expect(await admin.ask('{ viewer { role } }')).toEqual({ viewer: { role: 'ADMIN' } })
  })

  it.each(['PUT', 'DELETE', 'PATCH'])('%s is no way in', async (method) => {
    const answer = await raw(json, ASK, '/graphql', method)
    expect(answer).toMatchObject({ status: 405, headers: { allow: 'GET, POST' } })
  })

  it('no other site may ask from a browser: there is no CORS', async () => {
    const answer = await raw(
      { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
      '',
      '/graphql',
      'OPTIONS',
    )
    expect(answer.status).toBe(405)
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([])
  })

  it.each([
    ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00'],
    ['a header without end', `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'a'.repeat(40_000)}\r\n\r\n`],
    ['two lengths', 'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabc'],
  ])('%s', async (_, bytes) => {
    const { port } = new URL(app.url)
    const answer = await new Promise<string>((resolve) => {
      let text = ''
      const socket = net.connect(Number(port), '127.0.0.1', () => socket.write(bytes))
      socket.on('data', (chunk) => (text += chunk.toString()))
      socket.on('close', () => resolve(text))
      socket.on('error', () => {})
    })
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /)
    expect(await isAlive()).toBe(true)
  })

  it('half a body and then silence of the sender harms nobody', async () => {
    const { port } = new URL(app.url)
    await new Promise<void>((resolve) => {
      const socket = net.connect(Number(port), '127.0.0.1', () => {
        socket.write(
          'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"que',
          () => socket.destroy(),
        )
      })
      socket.on('close', () => resolve())
    })
    expect(await isAlive()).toBe(true)
    expect(app.log.filter(({ level }) => level === 'error')).toEqual([])
  })
})

describe('answers', () => {
  it('have the status that the protocol names, by what the client accepts', async () => {
    const body = JSON.stringify({ query: '{ nothing }' })
    expect((await raw({ ...json, accept: 'application/graphql-response+json' }, body)).status).toBe(400)
    const legacy = await raw({ ...json, accept: 'application/json' }, body)
    expect(legacy.status).toBe(200)
    expect(legacy.headers['content-type']).toContain('application/json')
    expect((await raw({ ...json, accept: 'image/png' }, ASK)).status).toBe(406)
  })

  it('by GET keep a question mark that a client left as it is', async () => {
    const answer = await nobody.fetch(
      '/graphql?query=query($x:Boolean!){viewer{role@include(if:$x)}}%23?&variables={"x":true}',
    )
    expect(await answer.json()).toEqual({ data: { viewer: { role: null } } })
  })

  it('by GET are the same as by POST', async () => {
    const answer = await nobody.fetch(
      `/graphql?query=${encodeURIComponent('query ($x: Boolean!) { viewer { role @include(if: $x) actions } }')}&variables=${encodeURIComponent('{"x":true}')}`,
    )
    expect(await answer.json()).toEqual({ data: { viewer: { role: null, actions: ['session.open', 'account.read'] } } })
  })

  it('carry headers that hold a browser to its rules', async () => {
    const { headers } = await nobody.fetch('/healthz')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'")
    expect(headers.get('x-request-id')).toMatch(/^req_/)
    expect(headers.get('access-control-allow-origin')).toBeNull()
  })
})

describe('who asks', () => {
  it('is known by the cookie, as long as its session lasts', async () => {
    expect(await admin.ask('{ viewer { role } }')).toEqual({ viewer: { role: 'ADMIN' } })
    const stale = app.client({ cookie: `sindri_session=${'x'.repeat(43)}` })
    expect(await stale.ask('{ viewer { role } }')).toEqual({ viewer: { role: null } })
    const ended = await app.signedIn('VIEWER')
    await app.db.query(`update sessions set expires_at = now() - interval '1 second' where id = $1`, [ended.sessionId])
    expect(await ended.ask('{ viewer { role } }')).toEqual({ viewer: { role: null } })
  })

  it('is known by a key, never above its role', async () => {
    const { createApiKey } = await admin.ask(
      'mutation { createApiKey(input: { name: "robot", role: VIEWER }) { secret } }',
    )
    const robot = app.client({ key: createApiKey.secret })
    expect(await robot.ask('{ viewer { role name } }')).toEqual({ viewer: { role: 'VIEWER', name: 'robot' } })
    const { errors } = await robot.graphql('{ users { totalCount } }')
    expect(errors[0]?.extensions.code).toBe('FORBIDDEN')
  })

  it('signs in and out with a cookie that scripts and other sites never see', async () => {
    const page = app.client()
    const signedIn = await page.graphql(
      'mutation ($email: String!, $password: String!) { signIn(email: $email, password: $password) { role } }',
      {
        email: app.adminEmail,
        password: app.adminPassword,
      },
    )
    const [cookie] = signedIn.headers.getSetCookie()
    expect(cookie).toMatch(/^sindri_session=[\w-]{43}; Max-Age=1209600; Path=\/; HttpOnly; SameSite=Lax$/)
    expect(await page.ask('{ viewer { role } }')).toEqual({ viewer: { role: 'ADMIN' } })
    const signedOut = await page.graphql('mutation { signOut }')
    expect(signedOut.headers.getSetCookie()[0]).toMatch(/^sindri_session=; Max-Age=0;/)
    expect(await page.ask('{ viewer { role } }')).toEqual({ viewer: { role: null } })
  })

  it('may read the whole schema once signed in, and with a key, but not as nobody', async () => {
    const { createApiKey } = await admin.ask(
      'mutation { createApiKey(input: { name: "reader", role: VIEWER }) { secret } }',
    )
    const committed = buildSchema(readFileSync(new URL('../../../schema/schema.graphql', import.meta.url), 'utf8'))
    const introspection = getIntrospectionQuery({ inputValueDeprecation: true, oneOf: true, specifiedByUrl: true })
    for (const reader of [admin, app.client({ key: createApiKey.secret })]) {
      const schema = buildClientSchema(await reader.ask(introspection))
      expect(printSchema(lexicographicSortSchema(schema))).toBe(printSchema(lexicographicSortSchema(committed)))
    }
    const { status, errors } = await nobody.graphql(introspection)
    expect([status, errors[0]?.extensions.code]).toEqual([401, 'UNAUTHENTICATED'])
  })

  it('gets GraphiQL once signed in, with a key too, and is sent to sign in before', async () => {
    const html = { headers: { accept: 'text/html' } }
    const sent = await nobody.fetch('/graphql', html)
    expect([sent.status, sent.headers.get('location')]).toEqual([302, '/'])
    const { createApiKey } = await admin.ask('mutation { createApiKey(input: { name: "g", role: VIEWER }) { secret } }')
    expect((await app.client({ key: createApiKey.secret }).fetch('/graphql', html)).status).toBe(200)
    const page = await admin.fetch('/graphql', html)
    const nonce = /'nonce-([\w-]+)'/.exec(page.headers.get('content-security-policy') ?? '')?.[1]
    expect(await page.text()).toContain(`<script nonce="${nonce}" src="/graphql/graphiql.js">`)
    const script = await admin.fetch('/graphql/graphiql.js')
    expect(await script.text()).toContain('renderYogaGraphiQL')
    expect(
      (await admin.fetch('/graphql/graphiql.js', { headers: { 'if-none-match': script.headers.get('etag') ?? '' } }))
        .status,
    ).toBe(304)
  })
})

describe('the console says how it is', () => {
  it('part by part when asked whether it is ready', async () => {
    const answer = await nobody.fetch('/readyz')
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({
      state: 'ready',
      parts: { database: { state: 'up' }, bus: { state: 'up' }, migrations: { state: 'up' } },
    })
  })

  it.each(['/healthz/', '/readyz/', '/healthz/x', '/metrics/'])(
    'but not at %s, which is no page either',
    async (path) => {
      const { status, body } = await raw({ accept: 'text/html' }, '', path, 'GET')
      expect([status, body.errors?.[0].extensions.code]).toEqual([404, 'NOT_FOUND'])
    },
  )

  it('in figures for Prometheus, with operations by their names in the schema', async () => {
    await admin.ask('query Something { viewer { role } }')
    const text = await (await nobody.fetch('/metrics')).text()
    expect(text).toMatch(/sindri_operation_seconds_count\{operation="viewer",type="query",outcome="OK"\} \d+/)
    expect(text).toContain('nodejs_eventloop_lag_seconds')
    expect(text).toContain('sindri_sockets{kind="agent"} 0')
    expect(text).not.toContain('Something')
  })

  it('and keeps the figures from others than this machine who do not sign in', async () => {
    const far = { 'x-forwarded-for': '203.0.113.5' }
    const refused = await nobody.fetch('/metrics', { headers: far })
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
    expect((await admin.fetch('/metrics', { headers: far })).status).toBe(200)
  })
})

describe('enrolment by the bootstrap secret', () => {
  it('opens nothing but enrolment', async () => {
    const holder = app.client({ key: app.enrolSecret })
    const { errors } = await holder.graphql('{ instances { totalCount } }')
    expect(errors[0]?.extensions.code).toBe('FORBIDDEN')
  })

  it('answers the same over POST /api/v1/instances/register', async () => {
    const post = (body: unknown, secret = app.enrolSecret) =>
      raw({ ...json, authorization: `Bearer ${secret}` }, JSON.stringify(body), '/api/v1/instances/register')
    expect(await post({ instanceId: 'x' })).toMatchObject({
      status: 400,
      body: { errors: [{ extensions: { code: 'BAD_INPUT' } }, {}] },
    })
    expect(await post([])).toMatchObject({ status: 400 })
    expect((await raw({ authorization: `Bearer ${app.enrolSecret}` }, '{}', '/api/v1/instances/register')).status).toBe(
      415,
    )
    expect((await raw(json, '{}', '/api/v1/instances/register', 'PUT')).status).toBe(405)
    expect(await raw(json, '{}', '/api/v1/instances/register')).toMatchObject({ status: 400 })
  })
})

it('what was asked before the console goes is answered, and its connection ends', async () => {
  const own = await createTestApp()
  try {
    const page = own.client()
    await page.fetch('/healthz')
    const asked = page.graphql('mutation ($e: String!, $p: String!) { signIn(email: $e, password: $p) { role } }', {
      e: own.adminEmail,
      p: own.adminPassword,
    })
    await expect.poll(async () => (await own.client().fetch('/metrics')).status).toBe(200)
    const startedMs = performance.now()
    await own.stop()
    expect(performance.now() - startedMs).toBeLessThan(2_500)
    expect((await asked).data).toEqual({ signIn: { role: 'ADMIN' } })
  } finally {
    await own.close()
  }
})

it('all of this left no defect in the log', () => {
  expect(app.log.filter(({ level }) => level === 'error')).toEqual([])
})
