// How much each may ask, to the last request: on a clock that stands still, nothing is forgiven meanwhile.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createFakeClock, type FakeClock } from '../platform/clock.fake.ts'
import { createTestApp, type TestApp } from '../testing/app.ts'
import type { Shown } from '../testing/client.ts'
import { openRawSocket, refusalOf } from '../testing/rawSocket.ts'

let clock: FakeClock
let app: TestApp
beforeAll(async () => {
  clock = createFakeClock(Date.now())
  app = await createTestApp({ clock })
})
afterAll(() => app.close())

/** Runs `one` so many times, some at once. */
const times = async (count: number, one: () => Promise<unknown>): Promise<void> => {
  const turns = Iterator.from(Array.from({ length: count }).keys())
  const work = async (): Promise<void> => {
    for (const _ of turns) await one()
  }
  await Promise.all(Array.from({ length: 20 }, work))
}

it('a user asks a thousand times, waits, and asks on; others do not notice, nor does a key of theirs', async () => {
  const [busy, other] = [await app.signedIn('OPERATOR'), await app.signedIn('VIEWER')]
  const { createApiKey } = await busy.ask('mutation { createApiKey(input: { name: "k", role: VIEWER }) { secret } }')
  await times(999, () => busy.ask('{ __typename }'))
  const refused = await busy.graphql('{ __typename }')
  expect(refused).toMatchObject({
    status: 429,
    errors: [{ extensions: { code: 'RATE_LIMITED', retry: true, retryAfterMs: 60 } }],
  })
  expect(refused.headers.get('retry-after')).toBe('1')
  await other.ask('{ __typename }')
  await app.client({ key: createApiKey.secret }).ask('{ __typename }')
  await clock.advance(60)
  await busy.ask('{ __typename }')
})

it('whoever asks for the same act many times in one mutation pays for each', async () => {
  const busy = await app.signedIn('OPERATOR')
  const many = `mutation { ${Array.from({ length: 50 }, (_, i) => `a${i}: endTerminal(id: "trm_none") { id }`).join(' ')} }`
  for (let i = 0; i < 20; i += 1) await busy.graphql(many)
  expect((await busy.graphql('{ __typename }')).errors[0]?.extensions.code).toBe('RATE_LIMITED')
})

it('whoever floods a terminal waits with their keys, not with their questions', async () => {
  const busy = await app.signedIn('DEVELOPER')
  const KEYS =
    'mutation ($t: ID!, $a: ID!, $d: Bytes!) { sendTerminalInput(terminalId: $t, attachmentId: $a, offset: 0, data: $d) }'
  const flood = { t: 'trm_01ARZ3NDEKTSV4RRFFQ69G5FAV', a: 'att_01ARZ3NDEKTSV4RRFFQ69G5FAV', d: 'A'.repeat(1_000_000) }
  const codes: (string | undefined)[] = []
  for (let i = 0; i < 9; i += 1) codes.push((await busy.graphql(KEYS, flood)).errors[0]?.extensions.code)
  // 8 MiB at once, and such data is too long besides.
  expect(codes).toEqual([...Array.from({ length: 8 }, () => 'BAD_INPUT'), 'RATE_LIMITED'])
  expect(await busy.ask('{ viewer { role } }')).toEqual({ viewer: { role: 'DEVELOPER' } })
})

it('an agent reports twenty thousand records at once, then as they flow; its heartbeat does not queue behind them', async () => {
  const agent = await app.makeAgent()
  const link = await agent.link()
  const publish = () =>
    link.ask('mutation ($records: [MetricSampleInput]!) { publishSamples(records: $records) { outcomes } }', {
      records: Array.from({ length: 500 }, () => null),
    })
  await times(40, publish)
  await expect(publish()).rejects.toThrow('RATE_LIMITED: Too many records; try again in 500 ms.')
  const { heartbeat } = await link.ask('mutation { heartbeat(input: { uptimeSeconds: 1, intervalMs: 10000 }) }')
  expect(heartbeat).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  await clock.advance(500)
  await publish()
  await link.close()
})

it('ten wrong secrets of an address a minute are refused as such, then with when to come back; the right one never waits', async () => {
  const guess = async () => {
    const { status, headers, errors } = await app.client({ key: 'a-wrong-secret' }).graphql('{ __typename }')
    return { status, after: headers.get('retry-after'), code: (errors[0] as Shown).extensions.code }
  }
  for (let i = 0; i < 10; i += 1) expect(await guess()).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' })
  expect(await guess()).toEqual({ status: 429, after: '6', code: 'RATE_LIMITED' })
  const holder = app.client({ key: app.enrolSecret })
  expect((await holder.graphql('{ viewer { role } }')).errors[0]?.extensions.code).toBe('FORBIDDEN')
})

const limited = { status: 429, body: { errors: [{ extensions: { code: 'RATE_LIMITED' } }] } }

it('three hundred sockets a minute fail to come in, then the next handshake waits', async () => {
  await times(300, async () => {
    const socket = await openRawSocket(app.url)
    socket.send({ type: 'connection_init', payload: { kind: 'key', key: 'sk_guess' } })
    await socket.closed
  })
  // The console hears of the last ends a moment after they do.
  await expect.poll(() => refusalOf(app.url, {}).catch(() => null)).toMatchObject(limited)
  await clock.advance(60_000)
})

it('three hundred hold a place without a word, then the next handshake waits', async () => {
  await times(300, async () => {
    const socket = await openRawSocket(app.url)
    socket.ws.terminate()
    await socket.closed
  })
  await expect.poll(() => refusalOf(app.url, {}).catch(() => null)).toMatchObject(limited)
})

it('six hundred hold a place at the same moment, then the next handshake waits for all of them', async () => {
  await clock.advance(120_000)
  const sockets = await Promise.all(Array.from({ length: 600 }, () => openRawSocket(app.url)))
  for (const { ws } of sockets) ws.terminate()
  await Promise.all(sockets.map(({ closed }) => closed))
  await expect.poll(() => refusalOf(app.url, {}).catch(() => null)).toMatchObject(limited)
  await clock.advance(50_000)
  expect(await refusalOf(app.url, {})).toMatchObject(limited)
})

it('all of this left no defect in the log', () => {
  expect(app.log.filter(({ level }) => level === 'error')).toEqual([])
})
