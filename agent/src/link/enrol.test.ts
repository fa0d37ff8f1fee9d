import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createFakeClock, type FakeClock } from '../platform/clock.fake.ts'
import { type HttpAnswer, openScriptedConsole, type ScriptedConsole } from './console.scripted.ts'
import { enrol, type EnrolOptions } from './enrol.ts'

const { privateKey, publicKey: publicKeyObject } = generateKeyPairSync('ed25519')
const publicKey = publicKeyObject.export({ format: 'jwk' }).x ?? ''

let clock: FakeClock
let console: ScriptedConsole
let dir: string

beforeEach(async () => {
  clock = createFakeClock()
  console = await openScriptedConsole()
  dir = mkdtempSync(join(tmpdir(), 'sindri-enrol-'))
})
afterEach(async () => {
  await console.close()
  rmSync(dir, { recursive: true })
})

const ask = (
  bootstrapSecret: EnrolOptions['env']['bootstrapSecret'] = { value: console.secret },
  more: Partial<EnrolOptions> = {},
) =>
  enrol({
    env: { consoleUrl: console.url, bootstrapSecret, instanceId: 'forge' },
    privateKey,
    publicKey,
    facts: { hostname: 'forge', os: 'linux' },
    clock,
    ...more,
  })

it('shows the secret and proves that it holds the key, and gets an identity', async () => {
  expect(await ask()).toEqual({
    instanceId: 'ins_forge',
    name: 'forge',
    token: 'token-enrolled',
    consoleUrl: console.url,
    linkUrl: console.linkUrl,
  })
  expect(console.enrolments).toHaveLength(1)
  expect(console.enrolments[0]?.input).toMatchObject({ hostname: 'forge', os: 'linux', publicKey })
  expect(clock.timerCount()).toBe(0)
})

it('reads the secret from its file at each try', async () => {
  const file = join(dir, 'secret')
  await expect(ask({ file })).rejects.toMatchObject({
    name: 'NoSecret',
    message: expect.stringContaining('SINDRI_CONSOLE_API_KEY_FILE: expected a readable file, got ENOENT'),
  })
  writeFileSync(file, ' \n')
  await expect(ask({ file })).rejects.toMatchObject({
    name: 'NoSecret',
    message: expect.stringContaining('got an empty file'),
  })
  writeFileSync(file, `${console.secret}\n`)
  await expect(ask({ file })).resolves.toHaveProperty('instanceId')
})

it('without a secret says which variable is missing', async () => {
  await expect(ask(null)).rejects.toThrow(/^SINDRI_CONSOLE_API_KEY: expected the bootstrap secret .*, got nothing\.$/)
})

it('never puts a secret on the wire that is no header, nor shows it', async () => {
  const error = await ask({ value: 'top\r\nsecret' }).catch((thrown: Error) => thrown)
  expect(error).toMatchObject({ name: 'NoSecret' })
  expect((error as Error).message).not.toContain('secret:')
  expect((error as Error).message).not.toContain('top')
  expect(console.enrolments).toEqual([])
})

const answered = (registerInstance: unknown): HttpAnswer => ({
  status: 200,
  body: JSON.stringify({ data: { registerInstance } }),
})
const refused = (status: number, extensions: unknown): HttpAnswer => ({
  status,
  body: JSON.stringify({ errors: [{ message: 'because', extensions }], data: null }),
})
const whole = { id: 'ins_forge', instanceId: 'forge', agentToken: 't', linkUrl: 'ws://127.0.0.1:1/graphql' }

describe('a refusal is told apart from no answer', () => {
  it.each([
    [refused(200, { code: 'UNAUTHENTICATED' }), { name: 'Refused', code: 'UNAUTHENTICATED', retry: false }],
    [refused(403, { code: 'ENROLMENT_REFUSED' }), { name: 'Refused', code: 'ENROLMENT_REFUSED', retry: false }],
    [refused(409, { code: 'INSTANCE_EXISTS' }), { name: 'Refused', code: 'INSTANCE_EXISTS', retry: true }],
    [
      refused(429, { code: 'RATE_LIMITED', retryAfterMs: 4000 }),
      { name: 'Refused', code: 'RATE_LIMITED', retryAfterMs: 4000 },
    ],
    [refused(500, { code: 'INTERNAL' }), { name: 'Refused', code: 'INTERNAL' }],
    [refused(200, null), { name: 'Refused', code: 'INTERNAL' }],
  ])('%j', async (answer, expected) => {
    console.behaviour.enrol = () => answer
    await expect(ask()).rejects.toMatchObject(expected)
  })
})

describe('an answer of a wrong shape enrols nobody', () => {
  it.each<[string, HttpAnswer, string]>([
    [
      'a page',
      { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>welcome</html>' },
      'something else with status 200',
    ],
    [
      'a page for a fault',
      { status: 502, headers: { 'content-type': 'text/html' }, body: '<html>bad gateway</html>' },
      'something else with status 502',
    ],
    ['nothing', { status: 200, body: '' }, 'something else with status 200'],
    ['no content', { status: 204 }, 'something else with status 204'],
    ['half an answer', { status: 200, body: '{"data":{"registerInst' }, 'something else with status 200'],
    ['a list', { status: 200, body: '[]' }, 'something else with status 200'],
    ['text', { status: 200, body: '"ok"' }, 'something else with status 200'],
    ['bytes that are not UTF-8', { status: 200, body: '{"data":"\uFFFD' }, 'something else with status 200'],
    ['a fault in other words', { status: 503, body: '{"error":"down"}' }, 'got status 503'],
    ['more than a console says', { status: 200, body: `{"data":"${'x'.repeat(2_000_000)}"}` }, 'at most 1048576 bytes'],
    [
      'a redirection',
      { status: 301, headers: { location: 'https://console.example.com/graphql' } },
      'a redirection (301) to https://console.example.com/graphql',
    ],
    ['a redirection to nowhere', { status: 307 }, 'a redirection (307) to nowhere'],
    ['null data', { status: 200, body: '{"data":null}' }, 'expected an object, got null'],
    ['no data', { status: 200, body: '{}' }, 'expected an object, got undefined'],
    ['a null', answered(null), 'registerInstance: expected an object'],
    ['no id', answered({ ...whole, id: null }), 'registerInstance.id: expected'],
    ['an id of a megabyte', answered({ ...whole, id: 'x'.repeat(900_000) }), 'registerInstance.id: expected'],
    ['no token', answered({ ...whole, agentToken: '' }), 'registerInstance.agentToken: expected'],
    ['a token that is a number', answered({ ...whole, agentToken: 7 }), 'registerInstance.agentToken: expected'],
    ['an address that is none', answered({ ...whole, linkUrl: 'console' }), 'registerInstance.linkUrl: expected'],
    [
      'the address of a file',
      answered({ ...whole, linkUrl: 'file:///etc/passwd' }),
      'registerInstance.linkUrl: expected',
    ],
    [
      'an address no socket takes',
      answered({ ...whole, linkUrl: 'ws://127.0.0.1/#there' }),
      'registerInstance.linkUrl: expected',
    ],
  ])('%s', async (_, answer, reason) => {
    console.behaviour.enrol = () => answer
    const error = await ask().catch((thrown: Error) => thrown)
    expect((error as Error).message).toContain(reason)
    expect((error as Error).message.length).toBeLessThan(400)
    expect(['Refused INTERNAL', 'Unanswered undefined']).toContain(
      `${(error as Error).name} ${(error as { code?: string }).code}`,
    )
    expect(clock.timerCount()).toBe(0)
  })
})

it('says when a proxy wants to be asked again', async () => {
  console.behaviour.enrol = () => ({ status: 503, headers: { 'retry-after': '30' }, body: '<html>' })
  await expect(ask()).rejects.toMatchObject({ name: 'Unanswered', retryAfterMs: 30_000 })
})

it('follows no redirection: the secret goes to nobody else', async () => {
  const other = await openScriptedConsole()
  console.behaviour.enrol = () => ({ status: 307, headers: { location: `${other.url}/graphql` } })
  await expect(ask()).rejects.toThrow('a redirection (307)')
  expect(other.enrolments).toEqual([])
  await other.close()
})

it('waits 20 s for an answer and no longer', async () => {
  console.behaviour.enrol = () => 'nothing'
  const asking = expect(ask()).rejects.toMatchObject({ name: 'Unanswered', message: 'no answer within 20 s' })
  await expect.poll(() => console.enrolments.length).toBe(1)
  await clock.advance(20_000)
  await asking
})

it('is given up on demand', async () => {
  console.behaviour.enrol = () => 'nothing'
  const stopping = new AbortController()
  const asking = expect(ask(undefined, { signal: stopping.signal })).rejects.toMatchObject({ name: 'Unanswered' })
  await expect.poll(() => console.enrolments.length).toBe(1)
  stopping.abort()
  await asking
  expect(clock.timerCount()).toBe(0)
})

it('with nobody there, or something that is not HTTP, says why', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => {}).resume()
    socket.end('SSH-2.0-OpenSSH_9.2\r\n')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const consoleUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const env = { consoleUrl, bootstrapSecret: { value: 'secret' }, instanceId: 'forge' }
  await expect(ask(undefined, { env })).rejects.toMatchObject({
    name: 'Unanswered',
    message: expect.stringContaining('Parse Error'),
  })
  await new Promise((resolve) => server.close(resolve))
  await expect(ask(undefined, { env })).rejects.toMatchObject({
    name: 'Unanswered',
    message: expect.stringContaining('ECONNREFUSED'),
  })
})
