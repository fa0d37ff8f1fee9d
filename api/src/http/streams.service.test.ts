// Subscriptions as event streams: for who is signed in, within limits, ended with what they came in by, and told when the console restarts.
import { createClient } from 'graphql-sse'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestApp, type TestApp } from '../testing/app.ts'
import type { Json } from '../testing/client.ts'
import { type EventStream, openEventStream } from '../testing/eventStream.ts'

let app: TestApp
let admin: Awaited<ReturnType<TestApp['signedIn']>>
beforeAll(async () => {
  app = await createTestApp()
  admin = await app.signedIn('ADMIN')
})
afterAll(() => app.close())

const CHANGES = { query: 'subscription { instanceChanged { id instance { name } } }' }
const ASK = { query: '{ viewer { role } }' }

const makeKey = async (role = 'VIEWER'): Promise<{ id: string; headers: Record<string, string> }> => {
  const { createApiKey } = await admin.ask(
    `mutation { createApiKey(input: { name: "stream", role: ${role} }) { secret apiKey { id } } }`,
  )
  return { id: createApiKey.apiKey.id, headers: { authorization: `Bearer ${createApiKey.secret}` } }
}
const cookie = (): Record<string, string> => ({ cookie: admin.headers.cookie ?? '' })
const open = (body: unknown, headers: Record<string, string> = cookie()) => openEventStream(app.url, body, headers)
const figure = async (): Promise<number> =>
  Number(/^sindri_streams (\d+)/m.exec(await (await app.client().fetch('/metrics')).text())?.[1])

/** What ends a stream with a fault. */
const codeAtEnd = async (stream: EventStream): Promise<string> => {
  const { data } = await stream.next()
  expect(await stream.next()).toEqual({ event: 'complete', data: null })
  await stream.ended
  return (data as Json).errors[0].extensions.code
}

describe('a program with a key', () => {
  it('sees what happens, as it happens', async () => {
    const stream = await open(CHANGES, (await makeKey()).headers)
    expect([stream.status, stream.headers['content-type'], stream.headers['cache-control']]).toEqual([
      200,
      'text/event-stream; charset=utf-8',
      'no-store',
    ])
    const { id, name } = await app.makeAgent()
    expect(await stream.next()).toEqual({
      event: 'next',
      data: { data: { instanceChanged: { id, instance: { name } } } },
    })
    stream.cut()
  })

  it('leaves nothing behind when it goes', async () => {
    await expect.poll(figure).toBe(0)
    const stream = await open(CHANGES, (await makeKey()).headers)
    expect(await figure()).toBe(1)
    const { readers } = app.bus.stats()
    stream.cut()
    await expect.poll(figure).toBe(0)
    await expect.poll(() => app.bus.stats().readers).toBeLessThan(readers)
  })

  it('may ask a question the same way', async () => {
    const stream = await open(ASK, (await makeKey('OPERATOR')).headers)
    expect(await stream.next()).toEqual({ event: 'next', data: { data: { viewer: { role: 'OPERATOR' } } } })
    expect(await stream.next()).toEqual({ event: 'complete', data: null })
    await stream.ended
  })

  it('may use a client made for it', async () => {
    const { headers } = await makeKey()
    const client = createClient({ url: `${app.url}/graphql`, headers, retryAttempts: 0 })
    const connected = Promise.withResolvers<void>()
    const changes = client.iterate<Json>(CHANGES, { connected: () => connected.resolve() })
    const first = changes.next()
    await connected.promise
    const { id } = await app.makeAgent()
    expect(((await first) as { value: { data: Json } }).value.data.instanceChanged.id).toBe(id)
    await changes.return?.()
    client.dispose()
  })

  it('that accepts JSON too gets an event stream for a subscription alone, as pages ask', async () => {
    const accept = 'application/graphql-response+json, application/json, text/event-stream, multipart/mixed'
    const { headers } = await makeKey()
    const stream = await open(CHANGES, { ...headers, accept })
    expect(stream.headers['content-type']).toBe('text/event-stream; charset=utf-8')
    stream.cut()
    const answer = await open(ASK, { ...headers, accept })
    expect(answer.headers['content-type']).toContain('application/graphql-response+json')
    await answer.ended
    expect(JSON.parse(answer.text())).toEqual({ data: { viewer: { role: 'VIEWER' } } })
  })
})

describe('what is not to be streamed is told so', () => {
  const answerOf = async (headers: Record<string, string>, body: unknown = CHANGES) => {
    const answer = await open(body, headers)
    await answer.ended
    const challenge = answer.headers['www-authenticate']
    return { status: answer.status, challenge, code: (JSON.parse(answer.text()) as Json).errors[0].extensions.code }
  }

  it.each<[name: string, status: number, code: string, headers: () => Record<string, string>, body?: unknown]>([
    ['nobody', 401, 'UNAUTHENTICATED', () => ({})],
    ['a key that never was', 401, 'UNAUTHENTICATED', () => ({ authorization: `Bearer sk_${'A'.repeat(43)}` })],
    ['the bootstrap secret', 401, 'UNAUTHENTICATED', () => ({ authorization: `Bearer ${app.enrolSecret}` })],
    ['a form', 415, 'BAD_INPUT', () => ({ ...cookie(), 'content-type': 'text/plain' })],
    ['a body without a query', 400, 'BAD_INPUT', cookie, {}],
  ])('%s, by its status', async (_, status, code, headers, body) => {
    expect(await answerOf(headers(), body)).toEqual({ status, code, challenge: status === 401 ? 'Bearer' : undefined })
  })

  it.each<[name: string, body: unknown, code: string]>([
    ['a document that does not parse', { query: 'subscription {' }, 'BAD_QUERY'],
    ['a field that is not there', { query: 'subscription { nothing }' }, 'BAD_QUERY'],
    ['what only an agent may', { query: 'subscription { orders { __typename } }' }, 'FORBIDDEN'],
    [
      'an instance that is not there',
      { query: 'subscription { metricSampled(instanceIds: ["ins_0"]) { stored } }' },
      'NOT_FOUND',
    ],
  ])('%s, by the stream', async (_, body, code) => {
    const stream = await open(body)
    expect(stream.status).toBe(200)
    expect(await codeAtEnd(stream)).toBe(code)
  })

  it('GET, which must never do anything', async () => {
    const answer = await admin.fetch(`/graphql?query=${encodeURIComponent(CHANGES.query)}`, {
      headers: { accept: 'text/event-stream, application/json' },
    })
    expect(await answer.json()).toMatchObject({ errors: [{ message: expect.stringMatching(/need POST/) }] })
  })

  it('a subscription without accepting an event stream', async () => {
    const { errors } = await admin.graphql(CHANGES.query)
    expect(errors[0]).toMatchObject({
      message: expect.stringMatching(/accept: text\/event-stream/),
      extensions: { code: 'BAD_QUERY' },
    })
  })
})

describe('a stream ends with what it came in by', () => {
  it('when its key is revoked', async () => {
    const { id, headers } = await makeKey()
    const [mine, other] = [await open(CHANGES, headers), await open(CHANGES)]
    await admin.ask('mutation ($id: ID!) { revokeApiKey(id: $id) { id } }', { id })
    expect(await codeAtEnd(mine)).toBe('UNAUTHENTICATED')
    const { id: seen } = await app.makeAgent()
    expect((await other.next()).data).toMatchObject({ data: { instanceChanged: { id: seen } } })
    other.cut()
  })

  it('when its session ends', async () => {
    const mine = await app.signedIn('VIEWER')
    const stream = await open(CHANGES, { cookie: mine.headers.cookie ?? '' })
    await mine.ask('mutation { signOut }')
    expect(await codeAtEnd(stream)).toBe('UNAUTHENTICATED')
  })

  it('when the role of its user changes', async () => {
    const mine = await app.signedIn('VIEWER')
    const stream = await open(CHANGES, { cookie: mine.headers.cookie ?? '' })
    await admin.ask('mutation ($id: ID!) { updateUser(input: { id: $id, role: OPERATOR }) { role } }', {
      id: mine.userId,
    })
    expect(await codeAtEnd(stream)).toBe('UNAUTHENTICATED')
  })
})

it('a hundred streams and sockets of one key are enough', async () => {
  const { headers } = await makeKey()
  const streams = await Promise.all(Array.from({ length: 100 }, () => open(CHANGES, headers)))
  const last = await open(CHANGES, headers)
  await last.ended
  expect([last.status, JSON.parse(last.text()).errors[0].extensions.code]).toEqual([409, 'LIMIT_REACHED'])
  streams.pop()?.cut()
  await expect
    .poll(async () => {
      const again = await open(CHANGES, headers)
      again.cut()
      return again.status
    })
    .toBe(200)
  for (const stream of streams) stream.cut()
})

it('streams are told to come back when the console restarts, and none stays', async () => {
  const own = await createTestApp()
  try {
    const someone = await own.signedIn('VIEWER')
    const headers = { cookie: someone.headers.cookie ?? '' }
    const stream = await openEventStream(own.url, CHANGES, headers)
    const client = createClient({
      url: `${own.url}/graphql`,
      headers,
      retry: () => new Promise(() => asked.resolve(null)),
    })
    const [asked, connected] = [Promise.withResolvers<null>(), Promise.withResolvers<null>()]
    const never = () => asked.reject(new Error('expected the client to come back, got the end of its subscription'))
    client.subscribe(
      CHANGES,
      { next() {}, error: never, complete: never },
      { connected: () => connected.resolve(null) },
    )
    await connected.promise
    const startedMs = performance.now()
    await own.stop()
    expect(performance.now() - startedMs).toBeLessThan(2_000)
    await stream.ended
    expect(stream.text()).toMatch(/: RESTARTING .*\nretry: 1000\n\n$/)
    expect(stream.text()).not.toContain('complete')
    await asked.promise
  } finally {
    await own.close()
  }
})

it('all of this left no defect in the log', () => {
  expect(app.log.filter(({ level }) => level === 'error')).toEqual([])
})
