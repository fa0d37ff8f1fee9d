import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { type AddressInfo, createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createFakeClock, type FakeClock } from '../platform/clock.fake.ts'
import { openScriptedConsole, type ScriptedConsole, type ScriptedLink } from './console.scripted.ts'
import {
  HeartbeatDocument,
  OrdersDocument,
  PublishSamplesDocument,
  PublishTerminalFramesDocument,
  RenewAgentTokenDocument,
  ReportTerminalOpenedDocument,
  ReportTerminalsDocument,
} from './gql/graphql.ts'
import { type Link, type LinkOptions, NoLink, openLink } from './openLink.ts'
import { type Refused, Unanswered } from './refused.ts'

const instance = 'ins_forge'
const run = '01JZZZZZZZZZZZZZZZZZZZZZZZ'

let clock: FakeClock
let privateKey: KeyObject
let console: ScriptedConsole
let opened: Link[]

beforeEach(async () => {
  clock = createFakeClock()
  console = await openScriptedConsole()
  const pair = generateKeyPairSync('ed25519')
  privateKey = pair.privateKey
  console.admit(instance, pair.publicKey.export({ format: 'jwk' }).x ?? '')
  opened = []
})
afterEach(async () => {
  for (const link of opened) link.close()
  await console.close()
})

function open(options: Partial<LinkOptions> = {}): Promise<Link> {
  const init = {
    instance,
    token: 'token-enrolled',
    run,
    agentVersion: '0.1.0',
    hostname: 'forge',
    heartbeatMs: 10_000,
    metricsMs: 30_000,
    notices: [],
  }
  const opening = openLink({ url: console.linkUrl, privateKey, init, clock, ...options })
  opening.then(
    (link) => opened.push(link),
    () => {},
  )
  return opening
}

const both = async (): Promise<[Link, ScriptedLink]> => [await open(), console.last()]

/** The link does not come about; the answer says why. */
async function refusal(opening: Promise<unknown>): Promise<Error> {
  const error: unknown = await opening.then(
    () => 'a link',
    (reason: unknown) => reason,
  )
  if (!(error instanceof Error)) throw new Error(`expected no link, got ${String(error)}`)
  return error
}

const isOpen = (link: Link): Promise<boolean> => Promise.race([link.closed.then(() => false), Promise.resolve(true)])

const askAnything = (link: Link): Promise<unknown> =>
  link.ask(HeartbeatDocument, { input: { uptimeSeconds: 1, intervalMs: 10_000 } })

describe('a handshake', () => {
  it('signs the nonce of its socket, and answers with what was acknowledged', async () => {
    const [link, { init }] = await both()
    expect(init).toMatchObject({ kind: 'agent', protocolVersion: '1.1', instance, run, hostname: 'forge' })
    expect(link.ack).toMatchObject({ token: 'token-1', epoch: 1, heartbeatMs: 10_000 })
  })

  it('with another key is refused: the console checks the signature', async () => {
    privateKey = generateKeyPairSync('ed25519').privateKey
    const error = await refusal(open())
    expect(error).toBeInstanceOf(NoLink)
    expect((error as NoLink).closed).toMatchObject({ code: 4460 })
  })

  it('without the header of the nonce ends with the question whether this is a console', async () => {
    console.behaviour.upgrade = 'withoutNonce'
    expect((await refusal(open())).message).toBe(
      'expected the header sindri-nonce, got none: is this a Sindri console?',
    )
  })

  it('gives up after 15 s on a console that takes the connection and says nothing', async () => {
    console.behaviour.upgrade = 'nothing'
    const opening = refusal(open())
    await expect.poll(() => console.upgrades()).toBe(1)
    await clock.advance(15_000)
    expect((await opening).message).toBe('no link within 15 s')
  })

  it('gives up after 15 s on a console that never acknowledges', async () => {
    console.behaviour.ack = () => 'nothing'
    const opening = refusal(open())
    await expect.poll(() => console.upgrades()).toBe(1)
    await clock.advance(15_000)
    expect((await opening).message).toBe('no link within 15 s')
    expect(clock.timerCount()).toBe(0)
  })

  it('gives up after 15 s on something that is not even HTTP', async () => {
    const server = createServer((socket) => socket.on('error', () => {}))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const opening = refusal(open({ url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/graphql` }))
    await clock.advance(15_000)
    expect((await opening).message).toBe('no link within 15 s')
    server.close()
  })

  it.each([
    [{ status: 503, headers: { 'retry-after': '7' } }, 'expected a WebSocket, got status 503', 7000],
    [{ status: 429, headers: { 'retry-after': '99999999999' } }, 'expected a WebSocket, got status 429', 600_000],
    [
      {
        status: 421,
        body: JSON.stringify({ errors: [{ message: 'Host: expected console.example.com.', extensions: {} }] }),
      },
      'expected a WebSocket, got status 421: Host: expected console.example.com.',
      null,
    ],
    [{ status: 400, body: '{"errors":"many"}' }, 'expected a WebSocket, got status 400', null],
    [{ status: 500, body: `<html>${'x'.repeat(100_000)}` }, 'expected a WebSocket, got status 500', null],
    [{ status: 503, headers: { 'retry-after': 'tomorrow' } }, 'expected a WebSocket, got status 503', null],
    [{ status: 500, body: '<html>oh</html>' }, 'expected a WebSocket, got status 500', null],
    [{ status: 200, body: '<html>welcome</html>' }, 'expected a WebSocket, got status 200', null],
    [
      { status: 302, headers: { location: 'https://elsewhere.example/' } },
      'expected a WebSocket, got status 302 to https://elsewhere.example/',
      null,
    ],
  ])('that is answered by %j says so, and when to come back', async (upgrade, reason, retryAfterMs) => {
    console.behaviour.upgrade = upgrade
    const error = await refusal(open())
    expect((error as NoLink).closed).toEqual({ code: 1006, reason, retryAfterMs })
  })

  it('says what it knows of a refusal that breaks off', async () => {
    console.behaviour.upgrade = { status: 500, headers: { 'content-length': '1000' }, body: '{"errors":[' }
    expect((await refusal(open())).message).toBe('expected a WebSocket, got status 500')
  })

  it('with nobody there ends with the reason of the connection', async () => {
    const url = console.linkUrl
    await console.close()
    expect((await refusal(open({ url }))).message).toContain('ECONNREFUSED')
    console = await openScriptedConsole()
  })

  it.each([
    '',
    'nonsense',
    'http://127.0.0.1/graphql',
    'ws://',
    'ws://a b/',
    'ws://127.0.0.1:99999/',
    'ws://127.0.0.1/#fragment',
    'file:///etc/passwd',
  ])('to the address %j is not even tried', async (url) => {
    expect((await refusal(open({ url }))).message).toContain('expected the address of a WebSocket, got')
  })

  it('is given up on demand, at each stage', async () => {
    const atOnce = AbortSignal.abort()
    await refusal(open({ signal: atOnce }))
    console.behaviour.upgrade = 'nothing'
    const connecting = new AbortController()
    const first = refusal(open({ signal: connecting.signal }))
    connecting.abort()
    await first
    console.behaviour.upgrade = 'accept'
    console.behaviour.ack = () => 'nothing'
    const shaking = new AbortController()
    const before = console.upgrades()
    const second = refusal(open({ signal: shaking.signal }))
    await expect.poll(() => console.upgrades()).toBe(before + 1)
    shaking.abort()
    await clock.advance(1000)
    await second
    expect(clock.timerCount()).toBe(0)
  })
})

describe('an acknowledgement', () => {
  it.each([
    ['no payload', undefined, 'protocolVersion'],
    ['null', null, 'protocolVersion'],
    ['no version', { protocolVersion: undefined }, 'protocolVersion'],
    ['a version that is none', { protocolVersion: 'one' }, 'protocolVersion'],
    ['no token', { token: undefined }, 'token'],
    ['a token that is a number', { token: 7 }, 'token'],
    ['an empty token', { token: '' }, 'token'],
    ['a huge token', { token: 'x'.repeat(100_000) }, 'token'],
    ['no time', { consoleTime: null }, 'consoleTime'],
    ['a time that is text', { consoleTime: '2026-01-01' }, 'consoleTime'],
    ['a time of another age', { consoleTime: 12 }, 'consoleTime'],
    ['a time beyond all calendars', { consoleTime: 1e300 }, 'consoleTime'],
    ['an expiry that is none', { tokenExpiresAt: -1 }, 'tokenExpiresAt'],
    ['no nonce', { renewNonce: [] }, 'renewNonce'],
    ['an epoch with a fraction', { epoch: 1.5 }, 'epoch'],
    ['an interval that is text', { heartbeatMs: '10s' }, 'heartbeatMs'],
    ['a negative interval', { metricsMs: -5 }, 'metricsMs'],
  ])('with %s makes no link, and names the value', async (_, change, field) => {
    console.behaviour.ack = (good) => ({ payload: change ? { ...good, ...change } : change })
    const error = await refusal(open())
    expect(error.message).toMatch(new RegExp(`^${field}: expected `))
    expect(error.message.length).toBeLessThan(200)
    await expect.poll(() => console.last().closedWith()).toBe(1000)
  })

  it('that is no object is no message either', async () => {
    console.behaviour.ack = () => ({ payload: 'welcome' })
    expect(await refusal(open())).toBeInstanceOf(NoLink)
  })

  it.each([
    ['2.0', 'Update the agent: the agent speaks protocol 1.1, the console 2.0.'],
    ['0.9', 'Update the console: the agent speaks protocol 1.1, the console 0.9.'],
  ])('of version %s says who must update', async (protocolVersion, message) => {
    console.behaviour.ack = (good) => ({ payload: { ...good, protocolVersion } })
    expect(await refusal(open())).toMatchObject({ name: 'OtherVersion', message })
  })

  it('of a newer minor version, and with more in it, is fine; intervals are brought within their bounds', async () => {
    console.behaviour.ack = (good) => ({
      payload: { ...good, protocolVersion: '1.7', novelty: {}, heartbeatMs: 1, metricsMs: 1e12 },
    })
    expect((await open()).ack).toMatchObject({ heartbeatMs: 1000, metricsMs: 3_600_000 })
  })
})

describe('a link', () => {
  it('asks for a sign of life after 10 s of silence, and is dead after 20 s', async () => {
    const [link, { ws }] = await both()
    const seen: string[] = []
    ws.on('message', (text: Buffer) => void seen.push(text.toString()))
    await clock.advance(10_000)
    await expect.poll(() => seen).toEqual(['{"type":"ping"}'])
    ws.removeAllListeners('message')
    await clock.advance(10_000)
    await expect.poll(() => seen).toHaveLength(1)
    await clock.advance(20_000)
    expect(await link.closed).toMatchObject({ code: 1006, reason: 'no sign of life for 20 s' })
    expect(clock.timerCount()).toBe(0)
  })

  it('takes any frame for life, those below GraphQL included', async () => {
    const [link, { ws }] = await both()
    ws.removeAllListeners('message')
    for (let times = 0; times < 6; times++) {
      await clock.advance(9000)
      const heard = new Promise((resolve) => ws.once('pong', resolve))
      ws.ping()
      await heard
    }
    expect(await isOpen(link)).toBe(true)
  })

  it('is over within a second although the peer never answers its goodbye', async () => {
    const [link, { ws }] = await both()
    ws.pause()
    link.close()
    await clock.advance(1000)
    expect(await link.closed).toMatchObject({ code: 1006, reason: 'closed by this agent' })
    expect(clock.timerCount()).toBe(0)
  })

  it.each([1000, 1001, 1013, 4500, 4401])(
    'that the console closes with %i stays closed: nothing connects behind its back',
    async (code) => {
      const [link, { ws }] = await both()
      const asking = askAnything(link)
      ws.close(code, 'enough')
      expect(await link.closed).toMatchObject({ code })
      await asking.catch(() => {})
      await expect(askAnything(link)).rejects.toBeInstanceOf(Unanswered)
      await clock.advance(60_000)
      expect(console.upgrades()).toBe(1)
    },
  )

  const mask = (...bytes: number[]): Uint8Array => new Uint8Array(bytes)
  it.each<[string, (link: ScriptedLink) => void]>([
    ['that is no JSON', ({ send }) => send('{"type":')],
    ['that is empty', ({ send }) => send('')],
    ['that is null', ({ send }) => send('null')],
    ['that is a number', ({ send }) => send('7')],
    ['that is a list', ({ send }) => send('[]')],
    ['without a type', ({ send }) => send('{}')],
    ['of an unknown type', ({ send }) => send('{"type":"surprise"}')],
    ['whose type is a number', ({ send }) => send('{"type":7}')],
    ['that is a result for nobody in particular', ({ send }) => send('{"type":"next","payload":{}}')],
    ['that is a result without one', ({ send }) => send('{"type":"next","id":"x","payload":"y"}')],
    ['that is an error without a list', ({ send }) => send('{"type":"error","id":"x","payload":{}}')],
    ['that is an error of nulls', ({ send }) => send('{"type":"error","id":"x","payload":[null]}')],
    ['that is a ping with a list', ({ send }) => send('{"type":"ping","payload":[]}')],
    ['of bytes', ({ send }) => send(mask(0, 159, 255))],
    ['of text that is not UTF-8', ({ sendRaw }) => sendRaw(mask(0x81, 2, 0xc3, 0x28))],
    ['with reserved bits', ({ sendRaw }) => sendRaw(mask(0xf1, 0))],
    ['of an unknown opcode', ({ sendRaw }) => sendRaw(mask(0x83, 0))],
    ['that is masked, as only clients may', ({ sendRaw }) => sendRaw(mask(0x81, 0x82, 1, 2, 3, 4, 5, 6))],
    ['of 2 MiB', ({ send }) => send(JSON.stringify({ type: 'pong', payload: { text: 'x'.repeat(2 * 1024 * 1024) } }))],
    ['said to be of 2^63 bytes', ({ sendRaw }) => sendRaw(mask(0x81, 127, 0x7f, 255, 255, 255, 255, 255, 255, 255))],
    ['nested 100 000 deep', ({ send }) => send(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)],
  ])('ends over a frame %s: what was asked is unanswered, and nobody connects behind its back', async (_, spoil) => {
    console.behaviour.reply = () => undefined
    const [link, peer] = await both()
    const asking = refusal(askAnything(link))
    await expect.poll(() => peer.of('Heartbeat')).toHaveLength(1)
    spoil(peer)
    expect(await asking).toBeInstanceOf(Unanswered)
    await clock.advance(1000)
    expect((await link.closed).reason).not.toBe('')
    await expect(askAnything(link)).rejects.toBeInstanceOf(Unanswered)
    expect([console.upgrades(), clock.timerCount()]).toEqual([1, 0])
  })

  it('leaves alone what is for nobody: answers without a question, a second acknowledgement', async () => {
    const [link, peer] = await both()
    peer.send('{"type":"next","id":"nobody","payload":{"data":{"heartbeat":1}}}')
    peer.send('{"type":"complete","id":"nobody"}')
    peer.send('{"type":"error","id":"nobody","payload":[{"message":"no"}]}')
    peer.send('{"type":"connection_ack","payload":{}}')
    await expect(askAnything(link)).resolves.toHaveProperty('heartbeat')
  })
})

describe('an answer', () => {
  const records = { records: [] }
  const published = (publishSamples: unknown) => ({ data: { publishSamples } })
  it.each<[string, (link: Link) => Promise<unknown>, unknown]>([
    ['no data', askAnything, { data: undefined }],
    ['null', askAnything, { data: null }],
    ['a list', askAnything, { data: [] }],
    ['text', askAnything, { data: 'fine' }],
    ['another field', askAnything, { data: { pulse: true } }],
    ['a null in the field', askAnything, { data: { heartbeat: null } }],
    [
      'outcomes that are null',
      (link) => link.ask(PublishSamplesDocument, records),
      published({ outcomes: null, refusals: [] }),
    ],
    [
      'outcomes that are text',
      (link) => link.ask(PublishSamplesDocument, records),
      published({ outcomes: 'STORED', refusals: [] }),
    ],
    [
      'an outcome that is a number',
      (link) => link.ask(PublishSamplesDocument, records),
      published({ outcomes: [1], refusals: [] }),
    ],
    ['no refusals', (link) => link.ask(PublishSamplesDocument, records), published({ outcomes: [] })],
    [
      'a refusal without a place',
      (link) => link.ask(PublishSamplesDocument, records),
      published({ outcomes: [], refusals: [{ index: -1, code: 'CLOCK' }] }),
    ],
    [
      'a refusal that is null',
      (link) => link.ask(PublishSamplesDocument, records),
      published({ outcomes: [], refusals: [null] }),
    ],
    [
      'a list of everything',
      (link) => link.ask(PublishSamplesDocument, records),
      published({ outcomes: Array(100_000).fill('STORED'), refusals: [] }),
    ],
    [
      'a token that is none',
      (link) => link.ask(RenewAgentTokenDocument, { signature: 's' }),
      { data: { renewAgentToken: { token: 1, expiresAt: 'x', renewNonce: null } } },
    ],
    [
      'an expiry that is none',
      (link) => link.ask(RenewAgentTokenDocument, { signature: 's' }),
      { data: { renewAgentToken: { token: 't', expiresAt: 'soon', renewNonce: 'n' } } },
    ],
    [
      'terminals that are text',
      (link) => link.ask(ReportTerminalsDocument, { sessions: [] }),
      { data: { reportTerminals: 'all of them' } },
    ],
    [
      'a terminal that is null',
      (link) => link.ask(ReportTerminalsDocument, { sessions: [] }),
      { data: { reportTerminals: [null] } },
    ],
    [
      'maybe',
      (link) => link.ask(ReportTerminalOpenedDocument, { id: 'trm_1' }),
      { data: { reportTerminalOpened: 'maybe' } },
    ],
    [
      'nothing for frames',
      (link) => link.ask(PublishTerminalFramesDocument, { terminalId: 't', frames: [] }),
      { data: {} },
    ],
  ])('of %s counts as a defect of the console, and the link stays', async (_, ask, reply) => {
    console.behaviour.reply = () => reply as { data: unknown }
    const [link] = await both()
    await expect(ask(link)).rejects.toMatchObject({
      name: 'Refused',
      code: 'INTERNAL',
      message: expect.stringMatching(/^The console answered wrongly: /),
    })
    expect(await isOpen(link)).toBe(true)
  })

  it.each<[unknown, Partial<Refused>]>([
    [
      [{ message: 'busy', extensions: { code: 'UNAVAILABLE', retryAfterMs: 250 } }],
      { code: 'UNAVAILABLE', message: 'busy', retryAfterMs: 250 },
    ],
    [
      [{ message: 'busy', extensions: { code: 'UNAVAILABLE', retryAfterMs: 1e308 } }],
      { code: 'UNAVAILABLE', retryAfterMs: 600_000 },
    ],
    [
      [{ message: 'busy', extensions: { code: 'UNAVAILABLE', retryAfterMs: -1 } }],
      { code: 'UNAVAILABLE', retryAfterMs: null },
    ],
    [
      [{ message: 'busy', extensions: { code: 'UNAVAILABLE', retryAfterMs: 'soon' } }],
      { code: 'UNAVAILABLE', retryAfterMs: null },
    ],
    [[{ message: 'new', extensions: { code: 'BRAND_NEW' } }], { code: 'INTERNAL', message: 'new' }],
    [[{ message: 'constructor', extensions: { code: 'constructor' } }], { code: 'INTERNAL' }],
    [[{ message: 7, extensions: 'none' }], { code: 'INTERNAL', message: 'The console gave no reason.' }],
    [[null], { code: 'INTERNAL', message: 'The console gave no reason.' }],
    ['no', { code: 'INTERNAL', message: 'The console gave no reason.' }],
    [{}, { code: 'INTERNAL' }],
    [[{ message: 'one\nline \u001B[31mred' }], { code: 'INTERNAL', message: 'one line [31mred' }],
  ])('of the errors %j is a refusal that can be read', async (errors, expected) => {
    console.behaviour.reply = () => ({ errors })
    const [link] = await both()
    await expect(askAnything(link)).rejects.toMatchObject({ name: 'Refused', ...expected })
  })

  it('with a message of a megabyte is cut for the log', async () => {
    console.behaviour.reply = () => ({ errors: [{ message: 'x'.repeat(900_000) }] })
    const [link] = await both()
    const error = await refusal(askAnything(link))
    expect(error.message).toHaveLength(300)
  })

  it('that does not come in time is none, and too late when it comes', async () => {
    console.behaviour.reply = () => undefined
    const [link, peer] = await both()
    const asking = link.ask(HeartbeatDocument, { input: { uptimeSeconds: 1, intervalMs: 10_000 } }, 5000)
    await expect.poll(() => peer.of('Heartbeat')).toHaveLength(1)
    await Promise.all([
      expect(asking).rejects.toMatchObject({ name: 'Unanswered', message: 'no answer within 5 s' }),
      clock.advance(5000),
    ])
    peer.answer(peer.of('Heartbeat')[0]?.id ?? '', { data: { heartbeat: new Date().toISOString() } })
    await expect(link.idle()).resolves.toBeUndefined()
  })

  it('that ends without a value is none', async () => {
    console.behaviour.reply = ({ id }) => ({ frame: { id, type: 'complete' } })
    const [link] = await both()
    await expect(askAnything(link)).rejects.toThrow('the console ended the operation without an answer')
  })

  it('counts once, however often it comes', async () => {
    const [link, peer] = await both()
    console.behaviour.reply = ({ id }) => {
      peer.answer(id, { data: { heartbeat: '2026-01-01T00:00:00Z' } })
      return { data: { heartbeat: '2027-01-01T00:00:00Z' } }
    }
    await expect(askAnything(link)).resolves.toEqual({ heartbeat: '2026-01-01T00:00:00Z' })
  })

  it('is waited for by whoever wants the link idle', async () => {
    console.behaviour.reply = () => undefined
    const [link, peer] = await both()
    const asking = [askAnything(link), askAnything(link)]
    await expect.poll(() => peer.of('Heartbeat')).toHaveLength(2)
    const order: string[] = []
    const idle = link.idle().then(() => order.push('idle'))
    for (const { id } of peer.of('Heartbeat')) peer.answer(id, { data: { heartbeat: '2026-01-01T00:00:00Z' } })
    await Promise.all(asking).then(() => order.push('answered'))
    await idle
    expect(order.toSorted()).toEqual(['answered', 'idle'])
  })
})

describe('the subscription', () => {
  it('hands on what comes as it is, and tells when the console ends it', async () => {
    const [link, peer] = await both()
    const seen: unknown[] = []
    const ended = Promise.withResolvers<Error | null>()
    link.watch(OrdersDocument, (data) => void seen.push(data), ended.resolve)
    await expect.poll(() => peer.of('Orders')).toHaveLength(1)
    peer.order({ __typename: 'Whatever' })
    peer.order(null)
    await expect.poll(() => seen).toEqual([{ orders: { __typename: 'Whatever' } }, { orders: null }])
    peer.send(JSON.stringify({ id: peer.of('Orders')[0]?.id, type: 'complete' }))
    expect(await ended.promise).toBeNull()
  })

  it('tells of an error that ends it', async () => {
    const [link, peer] = await both()
    const ended = Promise.withResolvers<Error | null>()
    link.watch(OrdersDocument, () => {}, ended.resolve)
    await expect.poll(() => peer.of('Orders')).toHaveLength(1)
    const payload = [{ message: 'not now', extensions: { code: 'UNAVAILABLE' } }]
    peer.send(JSON.stringify({ id: peer.of('Orders')[0]?.id, type: 'error', payload }))
    expect(await ended.promise).toMatchObject({ name: 'Refused', code: 'UNAVAILABLE', message: 'not now' })
  })
})
