import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CLOSE } from '@sindri/schema/contract/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type AgentEnv, readEnv } from '../env.ts'
import { createFakeClock, type FakeClock } from '../platform/clock.fake.ts'
import { createLog } from '../platform/log.ts'
import { openStateDir, type StateDir } from '../platform/stateDir.ts'
import { OrdersDocument } from './gql/graphql.ts'
import { type HttpAnswer, openScriptedConsole, type ScriptedConsole } from './console.scripted.ts'
import { type KeptLink, keepLink } from './keepLink.ts'
import type { Link } from './openLink.ts'

let clock: FakeClock
let console: ScriptedConsole
let dir: string
let state: StateDir
let kept: KeptLink[]
let lines: { level: string; message: string; retryMs?: number; reason?: string; code?: unknown }[]
/** Links that were worked on, and how many of them were let go of. */
let worked: Link[]
let undone: number
let chance: number

beforeEach(async () => {
  clock = createFakeClock()
  console = await openScriptedConsole()
  dir = mkdtempSync(join(tmpdir(), 'sindri-keep-'))
  lines = []
  kept = []
  worked = []
  undone = 0
  chance = 0
  state = await openStateDir({ path: join(dir, 'state'), clock, log: log() })
})
afterEach(async () => {
  await Promise.all(kept.map((each) => stopped(each)))
  state.close()
  await console.close()
  rmSync(dir, { recursive: true })
})

const log = () =>
  createLog({
    level: 'info',
    format: 'json',
    clock,
    write: (line) => void lines.push(JSON.parse(line) as (typeof lines)[number]),
  })

const surroundings = { hostname: 'forge', homeDir: '/nowhere', workingDir: '/nowhere' }
const envOf = (variables: Record<string, string> = {}, hostname = 'forge'): AgentEnv =>
  readEnv(
    { SINDRI_CONSOLE_URL: console.url, SINDRI_CONSOLE_API_KEY: console.secret, ...variables },
    { ...surroundings, hostname },
  )

function start(env = envOf(), onLinked: (link: Link) => void = () => {}, hostname = 'forge'): KeptLink {
  const link = keepLink({
    env,
    state,
    clock,
    log: log(),
    random: () => chance,
    run: '01JZZZZZZZZZZZZZZZZZZZZZZZ',
    facts: async () => ({ hostname }),
    hello: () => ({ agentVersion: '0.1.0', hostname, heartbeatMs: 10_000, metricsMs: 30_000, notices: [] }),
    onLinked(linked) {
      worked.push(linked)
      onLinked(linked)
      return () => undone++
    },
  })
  kept.push(link)
  return link
}

/** Looks until it is so, while time passes only for what is due at once. */
const eventually = <T>(look: () => T) => expect.poll(() => clock.advance(0).then(look), { interval: 1 })
/** Even of a peer that never answers the goodbye. */
async function stopped(link: KeptLink): Promise<void> {
  const stopping = link.stop()
  await clock.advance(1000)
  await stopping
}
/** The console lets the agent hear something, and hears it answer. */
async function heard(): Promise<void> {
  const answered = new Promise((resolve) => console.last().ws.once('pong', resolve))
  console.last().ws.ping()
  await answered
}
const lost = () => lines.filter(({ message }) => message === 'link lost')
const retries = () => lines.filter(({ retryMs }) => retryMs !== undefined).map(({ retryMs }) => retryMs)

describe('in good order', () => {
  it('enrols once, links, and keeps the token of the link', async () => {
    start()
    await eventually(() => worked.length).toBe(1)
    expect(console.enrolments).toHaveLength(1)
    expect(console.last().init).toMatchObject({ instance: 'ins_forge', token: 'token-enrolled', hostname: 'forge' })
    expect(state.enrolment()).toMatchObject({
      instanceId: 'ins_forge',
      name: 'forge',
      token: 'token-1',
      linkUrl: console.linkUrl,
    })
  })

  it('needs no secret at the next start, and shows the token of the last link', async () => {
    await started()
    await stopped(kept[0] as KeptLink)
    start({ ...envOf(), bootstrapSecret: null })
    await eventually(() => worked.length).toBe(2)
    expect(console.enrolments).toHaveLength(1)
    expect(console.last().init.token).toBe('token-1')
  })

  it('renews the token over the link and keeps it', async () => {
    console.behaviour.ack = (good) => ({ payload: { ...good, tokenExpiresAt: good.consoleTime + 9_000 } })
    await started()
    await clock.advance(6_000)
    await eventually(() => state.enrolment()?.token).toMatch(/^token-[0-9a-f]{8}$/)
    expect(console.last().of('RenewAgentToken')).toHaveLength(1)
  })
})

async function started(): Promise<KeptLink> {
  const link = start()
  await eventually(() => worked.length).toBe(1)
  return link
}

/** The console closes a link that stands, or does not let it come about. */
const moments = ['on a link', 'at the handshake'] as const
async function closed(moment: (typeof moments)[number], code: number, reason?: string): Promise<KeptLink> {
  if (moment === 'on a link') {
    const link = await started()
    console.last().ws.close(code, reason)
    await eventually(() => undone).toBe(1)
    return link
  }
  const refusals = [{ close: code, ...(reason !== undefined && { reason }) }]
  console.behaviour.ack = (good) => refusals.shift() ?? { payload: good }
  const link = start()
  let isOver = false
  void link.ended.then(() => (isOver = true))
  await eventually(() => isOver || lost().length > 0).toBe(true)
  return link
}

describe.each(moments)('closed %s', (moment) => {
  it.each([
    ['FORBIDDEN', CLOSE.FORBIDDEN.code],
    ['VERSION', CLOSE.VERSION.code],
    ['INSTANCE_REMOVED', CLOSE.INSTANCE_REMOVED.code],
  ])('with %s it stops for good, with the line of the console', async (_, code) => {
    const link = await closed(moment, code, 'Ask your operator.')
    expect(await link.ended).toEqual({ kind: 'unwanted', message: 'Ask your operator.' })
    await clock.advance(600_000)
    expect(console.upgrades()).toBe(1)
  })

  it('with a fatal code and no words it has words of its own', async () => {
    expect((await (await closed(moment, CLOSE.FORBIDDEN.code)).ended).message).toBe(CLOSE.FORBIDDEN.meaning)
  })

  it('with INSTANCE_REMOVED it forgets who it was, with other fatal codes it does not', async () => {
    await closed(moment, CLOSE.INSTANCE_REMOVED.code).then(({ ended }) => ended)
    expect(state.enrolment()).toBeNull()
  })

  it('with VERSION it stays enrolled', async () => {
    await closed(moment, CLOSE.VERSION.code).then(({ ended }) => ended)
    expect(state.enrolment()).not.toBeNull()
  })

  it('with TOKEN_REJECTED it enrols again with the same key', async () => {
    await closed(moment, CLOSE.TOKEN_REJECTED.code)
    await eventually(() => console.enrolments.length).toBe(2)
    expect(console.enrolments[1]?.input.publicKey).toBe(console.enrolments[0]?.input.publicKey)
    await eventually(() => worked.length).toBe(moment === 'on a link' ? 2 : 1)
  })

  it('with DUPLICATE_INSTANCE it waits for 60 s', async () => {
    await closed(moment, CLOSE.DUPLICATE_INSTANCE.code)
    await clock.advance(59_999)
    expect(console.upgrades()).toBe(1)
    await clock.advance(1)
    await eventually(() => console.upgrades()).toBe(2)
  })

  it.each([0, 0.37, 0.999_999])('with RESTARTING it comes back within 10 s, spread over them (%d)', async (drawn) => {
    chance = drawn
    await closed(moment, CLOSE.RESTARTING.code)
    await clock.advance(0)
    expect(retries()).toEqual([Math.round(drawn * 10_000)])
    await clock.advance(10_000)
    await eventually(() => console.upgrades()).toBe(2)
  })

  it.each([
    ['SUPERSEDED', CLOSE.SUPERSEDED.code],
    ['SLOW_CONSUMER', CLOSE.SLOW_CONSUMER.code],
    ['TOO_LARGE', CLOSE.TOO_LARGE.code],
    ['UNAUTHENTICATED', CLOSE.UNAUTHENTICATED.code],
    ['an ordinary end', 1000],
    ['going away', 1001],
    ['a fault of the server', 1011],
    ['try again', 1013],
    ['a bad message', 4400],
    ['too many at once', 4429],
    ['a code nobody knows', 4999],
  ])('with %s it connects again, soon', async (_, code) => {
    chance = 0.5
    await closed(moment, code)
    await eventually(() => retries()).toEqual([250])
    await clock.advance(250)
    await eventually(() => worked.length).toBe(moment === 'on a link' ? 2 : 1)
    expect([console.enrolments.length, console.upgrades()]).toEqual([1, 2])
  })
})

describe('a credential that is refused', () => {
  it('three times in a row is replaced by enrolling again', async () => {
    console.behaviour.ack = () => ({ close: CLOSE.UNAUTHENTICATED.code })
    start()
    await eventually(() => console.enrolments.length).toBe(2)
    expect(console.upgrades()).toBe(3)
  })

  it('now and then, between links that lasted, is none: tokens expire', async () => {
    await started()
    for (let times = 1; times <= 4; times++) {
      await clock.advance(9_000)
      await heard()
      await clock.advance(1_000)
      console.last().ws.close(CLOSE.UNAUTHENTICATED.code)
      await eventually(() => worked.length).toBe(times + 1)
    }
    expect(console.enrolments).toHaveLength(1)
  })
})

describe('coming back', () => {
  it('takes ever longer for links that do not last, and starts small after one that did', async () => {
    chance = 0.999_999
    await started()
    for (let times = 1; times <= 3; times++) {
      console.last().ws.terminate()
      await eventually(() => retries().length).toBe(times)
      // Exactly: beyond, the deadline of connecting would pass before the socket had its turn.
      await clock.advance(retries().at(-1) ?? 0)
      await eventually(() => worked.length).toBe(times + 1)
    }
    await clock.advance(10_000)
    console.last().ws.terminate()
    await eventually(() => undone).toBe(4)
    await clock.advance(0)
    expect(retries()).toEqual([500, 1000, 2000, 500])
  })

  it.each([
    ['within half a second while orders come', 0, 500],
    ['within half a second when the last order is a minute old', 60_000, 500],
    ['spread over 10 s when nobody has ordered anything for long', 120_000, 10_000],
  ])('after RESTARTING is %s', async (_, passedMs, ceilingMs) => {
    chance = 0.999_999
    let orders = 0
    start(
      envOf(),
      (link) =>
        void link.watch(
          OrdersDocument,
          () => orders++,
          () => {},
        ),
    )
    await eventually(() => console.last()?.of('Orders').length).toBe(1)
    console.last().order({ __typename: 'SampleFasterOrder', everyMs: 1000, until: '2030-01-01T00:00:00Z' })
    await eventually(() => orders).toBe(1)
    for (let leftMs = passedMs; leftMs > 0; leftMs -= 5_000) {
      await clock.advance(5_000)
      await heard()
    }
    console.last().ws.close(CLOSE.RESTARTING.code)
    await eventually(() => retries()).toEqual([ceilingMs])
    // Where it comes to, the same is said a moment later.
    await clock.advance(ceilingMs)
    await eventually(() => worked.length).toBe(2)
    console.last().ws.close(CLOSE.RESTARTING.code)
    await eventually(() => retries()).toEqual([ceilingMs, ceilingMs])
  })

  it('honours Retry-After of whatever stands before the console', async () => {
    console.behaviour.upgrade = { status: 503, headers: { 'retry-after': '25' } }
    start()
    await eventually(() => retries()).toEqual([25_000])
    console.behaviour.upgrade = 'accept'
    await clock.advance(24_999)
    expect(console.upgrades()).toBe(1)
    await clock.advance(1)
    await eventually(() => worked.length).toBe(1)
  })

  it.each([0, 0.37, 0.999_999])('is spread over 2 s behind a Retry-After that everybody got (%d)', async (drawn) => {
    chance = drawn
    console.behaviour.upgrade = { status: 503, headers: { 'retry-after': '3' } }
    start()
    await eventually(() => retries()).toEqual([3_000 + Math.round(drawn * 2_000)])
  })

  it('goes on after an acknowledgement of a wrong shape, and after one of a wrong type', async () => {
    const acks = [{ payload: { token: 1 } }, { payload: null }, { payload: [] }, { payload: 'hello' }]
    console.behaviour.ack = (good) => acks.shift() ?? { payload: good }
    start()
    await eventually(() => worked.length).toBe(1)
    expect(retries()).toHaveLength(4)
  })

  it('is refused for good by a console of another major version', async () => {
    console.behaviour.ack = (good) => ({ payload: { ...good, protocolVersion: '2.0' } })
    expect(await start().ended).toEqual({
      kind: 'unwanted',
      message: 'Update the agent: the agent speaks protocol 1.1, the console 2.0.',
    })
  })

  it('takes 15 s at most of a console that never answers', async () => {
    console.behaviour.upgrade = 'nothing'
    start()
    await eventually(() => console.upgrades()).toBe(1)
    await clock.advance(15_000)
    await eventually(() => console.upgrades()).toBe(2)
    expect(lost()[0]?.reason).toBe('no link within 15 s')
  })

  it('survives a defect in what works on the link: the link is let go of and another made', async () => {
    let defects = 1
    start(envOf(), () => {
      if (defects-- > 0) throw new Error('a defect')
    })
    await eventually(() => worked.length).toBe(1)
    await clock.advance(1000)
    await eventually(() => worked.length).toBe(2)
    expect(console.links[0]?.closedWith()).not.toBeNull()
    expect(lines.map(({ message }) => message)).toContain('no link came about')
  })
})

describe('enrolling', () => {
  const refuse = (code: string, details = {}): HttpAnswer => ({
    status: 200,
    body: JSON.stringify({ errors: [{ message: `because of ${code}`, extensions: { code, ...details } }] }),
  })

  it.each(['ENROLMENT_REFUSED', 'UNAUTHENTICATED', 'BAD_INPUT', 'FORBIDDEN', 'VERSION'])(
    'stops for good at %s',
    async (code) => {
      console.behaviour.enrol = () => refuse(code)
      expect(await start().ended).toEqual({
        kind: 'unwanted',
        message: `The console refuses this agent (${code}): because of ${code}`,
      })
    },
  )

  it.each<[string, HttpAnswer]>([
    ['INSTANCE_EXISTS', refuse('INSTANCE_EXISTS')],
    ['UNAVAILABLE', refuse('UNAVAILABLE')],
    ['INTERNAL', refuse('INTERNAL')],
    ['a defect with status 500', { status: 500, body: '{"errors":[{"message":"INTERNAL"}]}' }],
    ['a page', { status: 200, body: '<html>' }],
    ['a page with status 500', { status: 500, body: '<html>' }],
    ['a redirection', { status: 302, headers: { location: '/login' } }],
    ['an answer without an identity', { status: 200, body: '{"data":{"registerInstance":null}}' }],
  ])('asks again with growing delay after %s', async (_, answer) => {
    chance = 0.999_999
    console.behaviour.enrol = () => answer
    start()
    for (const delayMs of [500, 1000, 2000]) {
      await eventually(() => retries().at(-1)).toBe(delayMs)
      if (delayMs === 2000) console.behaviour.enrol = null
      await clock.advance(delayMs)
    }
    await eventually(() => worked.length).toBe(1)
  })

  it('waits as long as RATE_LIMITED says', async () => {
    console.behaviour.enrol = () => refuse('RATE_LIMITED', { retryAfterMs: 42_000 })
    start()
    await eventually(() => retries()).toEqual([42_000])
    console.behaviour.enrol = null
    await clock.advance(42_000)
    await eventually(() => worked.length).toBe(1)
  })

  it('needs a secret, and says so to whoever started the agent', async () => {
    const ending = await start({ ...envOf(), bootstrapSecret: null }).ended
    expect(ending.kind).toBe('misconfigured')
    expect(ending.message).toMatch(/^SINDRI_CONSOLE_API_KEY: expected/)
  })
})

describe('what changes between starts', () => {
  it('a console elsewhere is enrolled with anew, with the same key', async () => {
    const first = await started()
    await stopped(first)
    const elsewhere = await openScriptedConsole()
    start({ ...envOf({ SINDRI_CONSOLE_URL: elsewhere.url, SINDRI_CONSOLE_API_KEY: elsewhere.secret }) })
    await eventually(() => elsewhere.links.length).toBe(1)
    expect(elsewhere.enrolments[0]?.input.publicKey).toBe(console.enrolments[0]?.input.publicKey)
    expect(state.enrolment()).toMatchObject({ consoleUrl: elsewhere.url, linkUrl: elsewhere.linkUrl })
    await Promise.all(kept.map((each) => stopped(each)))
    await elsewhere.close()
  })

  it('another hostname is another instance where the hostname is the name, with the same key', async () => {
    await stopped(await started())
    start(envOf({}, 'anvil'), undefined, 'anvil')
    await eventually(() => worked.length).toBe(2)
    expect(console.enrolments.map(({ input }) => input.instanceId)).toEqual(['forge', 'anvil'])
    expect(new Set(console.enrolments.map(({ input }) => input.publicKey)).size).toBe(1)
  })

  it('another hostname is told of the same instance where the name is set', async () => {
    const named = { SINDRI_INSTANCE_ID: 'smithy' }
    start(envOf(named))
    await eventually(() => worked.length).toBe(1)
    await stopped(kept[0] as KeptLink)
    start(envOf(named, 'anvil'), undefined, 'anvil')
    await eventually(() => worked.length).toBe(2)
    expect(console.enrolments).toHaveLength(1)
    expect(console.last().init).toMatchObject({ instance: 'ins_smithy', hostname: 'anvil' })
  })
})

describe('the address of links', () => {
  const saved = (linkUrl: string, consoleUrl = console.url) =>
    state.saveEnrolment({ instanceId: 'ins_forge', name: 'forge', token: 't', consoleUrl, linkUrl })

  it('may be on another machine than the console that enrols', async () => {
    const other = await openScriptedConsole()
    other.admit('ins_forge', state.publicKey)
    saved(other.linkUrl)
    start()
    await eventually(() => other.links.length).toBe(1)
    expect(console.upgrades()).toBe(0)
    await stopped(kept[0] as KeptLink)
    await other.close()
  })

  it('that leads nowhere any more gives way to the address that the operator named, at each third try', async () => {
    const gone = await openScriptedConsole()
    await gone.close()
    console.admit('ins_forge', state.publicKey)
    saved(gone.linkUrl)
    start()
    await eventually(() => worked.length).toBe(1)
    expect(lost()).toHaveLength(2)
    expect(console.enrolments).toEqual([])
  })

  it('is not taken where it would leave TLS', async () => {
    saved(console.linkUrl, console.url.replace('http:', 'https:'))
    start(envOf({ SINDRI_CONSOLE_URL: console.url.replace('http:', 'https:') }))
    await eventually(() => lost().length).toBeGreaterThan(3)
    expect(console.upgrades()).toBe(0)
  })
})

describe('stopping', () => {
  it.each<[string, () => Promise<KeptLink>]>([
    [
      'while the console is asked to enrol',
      async () => {
        console.behaviour.enrol = () => 'nothing'
        const link = start()
        await eventually(() => console.enrolments.length).toBe(1)
        return link
      },
    ],
    [
      'while it waits for the next try',
      async () => {
        chance = 0.9
        console.behaviour.enrol = () => ({ status: 500 })
        const link = start()
        await eventually(() => retries().length).toBe(1)
        return link
      },
    ],
    [
      'while nobody answers the connection',
      async () => {
        console.behaviour.upgrade = 'nothing'
        const link = start()
        await eventually(() => console.upgrades()).toBe(1)
        return link
      },
    ],
    [
      'while the acknowledgement is awaited',
      async () => {
        console.behaviour.ack = () => 'nothing'
        const link = start()
        await eventually(() => console.upgrades()).toBe(1)
        return link
      },
    ],
    ['on a link', started],
    [
      'on a link whose peer has fallen silent',
      async () => {
        const link = await started()
        console.last().ws.pause()
        return link
      },
    ],
    ['before anything has happened', async () => start()],
  ])('%s takes a second at most, and nothing is tried afterwards', async (_, begin) => {
    const link = await begin()
    await stopped(link)
    expect(await link.ended).toEqual({ kind: 'stopped', message: 'stopped' })
    const before = [console.upgrades(), console.enrolments.length]
    console.behaviour.upgrade = 'accept'
    await clock.advance(600_000)
    expect([console.upgrades(), console.enrolments.length]).toEqual(before)
    expect(clock.timerCount()).toBe(0)
    expect(undone).toBe(worked.length)
  })
})
