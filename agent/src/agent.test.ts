import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Agent, startAgent } from './agent.ts'
import { readEnv } from './env.ts'
import {
  type Asked,
  goodReply,
  openScriptedConsole,
  type Reply,
  type ScriptedConsole,
  type ScriptedLink,
} from './link/console.scripted.ts'
import { createFakeClock, type FakeClock } from './platform/clock.fake.ts'
import { createLog } from './platform/log.ts'

interface Stored {
  run: string
  seq: number
  at: string
}

let clock: FakeClock
let console: ScriptedConsole
let home: string
let agents: Agent[]
let lines: string[]
/** Every record the console has said STORED to, by stream. */
let stored: { samples: Stored[]; events: Stored[] }

let note: (asked: Asked) => void
/** The console's clock goes right, whatever the machine's is set to. */
let consoleMs: () => number
const good = (asked: Asked): Reply => goodReply(asked, consoleMs())

beforeEach(async () => {
  clock = createFakeClock(Date.now())
  const startMs = clock.now() - clock.monotonicMs()
  consoleMs = () => startMs + clock.monotonicMs()
  // A console that is closed may still find something in its sockets: not for the next test.
  const own: typeof stored = { samples: [], events: [] }
  stored = own
  note = ({ name, variables }) => {
    const records = (variables.records ?? []) as Stored[]
    const kept: Stored[] = name === 'PublishSamples' ? own.samples : name === 'PublishEvents' ? own.events : []
    // Twice is REPEATED.
    for (const record of records)
      if (!kept.some(({ run, seq }) => run === record.run && seq === record.seq)) kept.push(record)
  }
  const noteOwn = note
  console = await openScriptedConsole({
    ack: (ack) => ({ payload: { ...ack, consoleTime: consoleMs() } }),
    reply(asked) {
      noteOwn(asked)
      return good(asked)
    },
  })
  home = mkdtempSync(join(tmpdir(), 'sindri-agent-'))
  mkdirSync(join(home, '.sindri'))
  writeFileSync(ledger(), '')
  agents = []
  lines = []
})
afterEach(async () => {
  for (const agent of agents) await stop(agent)
  await console.close()
  rmSync(home, { recursive: true })
})

const ledger = (): string => join(home, '.sindri/status_ledger.jsonl')
const spooled = (): string => {
  const dir = join(stateDir(), 'spool/events')
  return readdirSync(dir)
    .map((name) => readFileSync(join(dir, name), 'latin1'))
    .join('')
}
const stateDir = (): string => join(home, 'state')

async function start(variables: Record<string, string> = {}): Promise<Agent> {
  const surroundings = { hostname: 'forge', homeDir: home, workingDir: home }
  const env = readEnv(
    {
      SINDRI_CONSOLE_URL: console.url,
      SINDRI_CONSOLE_API_KEY: console.secret,
      SINDRI_AGENT_STATE_DIR: stateDir(),
      SINDRI_AGENT_METRICS: '1',
      SINDRI_AGENT_SHELL: '/bin/sh',
      ...variables,
    },
    surroundings,
  )
  const log = createLog({ level: 'info', format: 'plain', clock, write: (line) => void lines.push(line) })
  const agent = await startAgent({
    env,
    surroundings,
    variables: process.env,
    version: '0.1.0',
    clock,
    log,
    random: () => 0,
  })
  agents.push(agent)
  return agent
}

/** Resolves when all that was said over the last link has arrived, on a machine however busy. */
async function settled(): Promise<void> {
  const ws = console.links.at(-1)?.ws
  if (!ws || ws.readyState !== ws.OPEN || ws.isPaused) return
  const { promise, resolve } = Promise.withResolvers<void>()
  ws.on('pong', resolve).on('close', resolve)
  ws.ping()
  await promise
  ws.off('pong', resolve).off('close', resolve)
}

/** Time passes in small steps until it is so, and never faster than the sockets. */
const eventually = <T>(look: () => T, stepMs = 100) =>
  expect.poll(() => clock.advance(stepMs).then(settled).then(look), { interval: 1 })

/** How long stopping took, by its clock. */
async function stop(agent: Agent): Promise<number> {
  const began = clock.monotonicMs()
  let tookMs: number | null = null
  void agent.stop().then(() => (tookMs = clock.monotonicMs() - began))
  await eventually(() => tookMs, 20).not.toBeNull()
  agents = agents.filter((each) => each !== agent)
  return tookMs ?? Number.NaN
}

async function linked(count = 1): Promise<ScriptedLink> {
  await eventually(() => console.links.length).toBeGreaterThanOrEqual(count)
  await eventually(() => console.last().of('OrdersWithCommands').length).toBe(1)
  return console.last()
}

let entries = 0
/** The machine's own time, whatever the test does to it. */
function install(name: string): void {
  const event = { type: 'install_completed', version: '1.0.0' }
  const entry = {
    event_id: `e${++entries}`,
    timestamp: new Date(clock.now()).toISOString(),
    extension_name: name,
    state_after: 'installed',
    event,
  }
  appendFileSync(ledger(), `${JSON.stringify(entry)}\n`)
}

const openOrder = (terminalId: string, more: object = {}): object => ({
  __typename: 'TerminalOpenOrder',
  terminalId,
  cols: 80,
  rows: 24,
  shell: null,
  cwd: '/',
  env: [],
  deadline: new Date(clock.now() + 10_000).toISOString(),
  ...more,
})

describe('a wall clock that is set', () => {
  it('changes neither the order of samples nor their distance, nor the beat', async () => {
    await start({ SINDRI_AGENT_HEARTBEAT: '2' })
    const link = await linked()
    const trueStartMs = clock.now() - clock.monotonicMs()
    for (const jumpMs of [0, 3_600_000, -7_200_000, 3_600_000, -3_600_000]) {
      clock.jumpWall(jumpMs)
      const before = stored.samples.length
      await eventually(() => stored.samples.length).toBeGreaterThanOrEqual(before + 4)
    }
    // Reading and sending take real time, in which the test lets its own pass: seconds, where a jump would be an hour.
    const gapsOf = (numbers: number[]): number[] => numbers.slice(1).map((each, index) => each - (numbers[index] ?? 0))
    const times = stored.samples.map(({ at }) => Date.parse(at))
    expect(Math.min(...gapsOf(times))).toBeGreaterThan(0)
    expect(Math.max(...gapsOf(times))).toBeLessThan(60_000)
    expect(Math.abs((times.at(-1) ?? 0) - trueStartMs - clock.monotonicMs())).toBeLessThan(60_000)
    const beats = link
      .of('Heartbeat')
      .map(({ variables }) => (variables.input as { uptimeSeconds: number }).uptimeSeconds)
    expect(beats.length).toBeGreaterThan(5)
    expect(Math.min(...gapsOf(beats))).toBeGreaterThan(0)
    expect(Math.max(...gapsOf(beats))).toBeLessThan(60)
  })

  it('on the console is followed with the next beat, and remembered', async () => {
    await start({ SINDRI_AGENT_HEARTBEAT: '2' })
    await linked()
    await eventually(() => stored.samples.length).toBeGreaterThan(0)
    const wasMs = consoleMs
    consoleMs = () => wasMs() - 3_600_000
    await eventually(() => Date.parse(stored.samples.at(-1)?.at ?? '') - wasMs()).toBeLessThan(-3_000_000)
    expect(Number(readFileSync(join(stateDir(), 'console-offset'), 'utf8'))).toBeLessThan(-3_000_000)
  })

  it('sends no event into the future, and voids no order', async () => {
    await start()
    const link = await linked()
    const trueMs = (): number => clock.now() - offsetMs
    let offsetMs = 0
    clock.jumpWall((offsetMs = 3_600_000))
    install('nodejs')
    clock.jumpWall(-7_200_000)
    offsetMs -= 7_200_000
    await eventually(() => stored.events.length).toBe(1)
    expect(Math.abs(Date.parse(stored.events[0]?.at ?? '') - trueMs())).toBeLessThan(20_000)
    link.order({ ...openOrder('trm_1'), deadline: new Date(trueMs() + 5_000).toISOString() })
    link.order({ ...openOrder('trm_late'), deadline: new Date(trueMs() - 1).toISOString() })
    await eventually(() => link.of('ReportTerminalOpened').map(({ variables }) => variables.id)).toEqual(['trm_1'])
  })
})

const runOrder = (commandId: string, command: string): object => ({
  __typename: 'CommandRunOrder',
  commandId,
  command,
  args: null,
  cwd: home,
  env: [],
  stdin: null,
  timeoutMs: 3_600_000,
})
type Told = { commandId: string; output?: { data: string }; finished?: Record<string, unknown> }
const told = (link: ScriptedLink): Told[] =>
  link.of('PublishCommandRecords').flatMap(({ variables }) => variables.records as Told[])

describe('commands', () => {
  it('are run when they are granted, and told of; what was granted once is not run again', async () => {
    await start()
    const link = await linked()
    await eventually(() => link.of('ReportCommands').map(({ variables }) => variables.ids)).toEqual([[]])
    link.order(runOrder('cmd_1', 'echo ran >> ran; echo good'))
    link.order(runOrder('cmd_1', 'echo ran >> ran; echo good'))
    await eventually(() => told(link).find(({ finished }) => finished)?.finished).toMatchObject({
      outcome: 'SUCCEEDED',
      exitCode: 0,
      stdoutBytes: 5,
    })
    link.order(runOrder('cmd_1', 'echo ran >> ran'))
    link.order(runOrder('cmd_2', 'echo other'))
    await eventually(() => told(link).filter(({ finished }) => finished).length).toBe(2)
    const text = told(link).map(({ output }) => Buffer.from(output?.data ?? '', 'base64').toString())
    expect(text.join('')).toBe('good\nother\n')
    expect(readFileSync(join(home, 'ran'), 'utf8')).toBe('ran\n')
    expect(link.of('ClaimCommand').map(({ variables }) => variables.id)).toEqual(['cmd_1', 'cmd_2'])
  })

  it('are not known to an older console: it is asked for what it knows alone, and told nothing of them', async () => {
    console.behaviour.ack = (good) => ({ payload: { ...good, protocolVersion: '1.0', consoleTime: clock.now() } })
    await start()
    await eventually(() => console.links.length).toBe(1)
    await eventually(() => console.last().of('Orders').length).toBe(1)
    await eventually(() => stored.samples.length).toBeGreaterThan(2)
    const names = new Set(console.last().asked.map(({ name }) => name))
    for (const name of ['OrdersWithCommands', 'ReportCommands', 'ClaimCommand', 'PublishCommandRecords'])
      expect(names).not.toContain(name)
  })

  it('end with the agent, which says so', async () => {
    const agent = await start()
    const link = await linked()
    link.order(runOrder('cmd_1', 'echo $$ > self; exec sleep 1000'))
    await eventually(() => existsSync(join(home, 'self')) && readFileSync(join(home, 'self'), 'utf8')).toMatch(
      /^\d+\n$/,
    )
    expect(await stop(agent)).toBeLessThan(5000)
    expect(told(link).at(-1)).toMatchObject({
      commandId: 'cmd_1',
      finished: { outcome: 'FAILED', message: 'The agent was stopped while it ran, and ended it.' },
    })
    expect(() => process.kill(Number(readFileSync(join(home, 'self'), 'utf8')), 0)).toThrow('ESRCH')
  })
})

describe('stopping', () => {
  it('ends shells first, tells of their end, hands over what is unsent, says goodbye, and lets go of its directory', async () => {
    const agent = await start()
    const link = await linked()
    link.order(openOrder('trm_1'))
    await eventually(() => link.of('ReportTerminalOpened').length).toBe(1)
    // Mutations are slow to be answered from now on.
    const late: (() => void)[] = []
    console.behaviour.reply = (asked) => {
      if (!asked.name.startsWith('PublishSamples')) return good(asked)
      late.push(() => {
        note(asked)
        link.answer(asked.id, good(asked))
      })
      return undefined
    }
    await eventually(() => late.length).toBeGreaterThan(0)
    const seqs = new Set(
      link
        .of('PublishSamples')
        .flatMap(({ variables }) => (variables.records as { seq: number }[]).map(({ seq }) => seq)),
    )
    const stopping = stop(agent)
    await expect.poll(() => link.of('ReportTerminalClosed').length).toBe(1)
    expect(link.closedWith()).toBeNull()
    for (const answer of late) answer()
    expect(await stopping).toBeLessThan(5000)
    expect(new Set(stored.samples.map(({ seq }) => seq))).toEqual(seqs)
    await expect.poll(() => link.closedWith()).toBe(1000)
    expect(link.of('ReportTerminalClosed')[0]?.variables.report).toMatchObject({
      id: 'trm_1',
      reason: 'AGENT_RESTARTED',
    })
    expect(readdirSync(stateDir()).filter((name) => name.startsWith('lock.'))).toEqual([])
    expect(clock.timerCount()).toBe(0)
  })

  it.each<[string, (link: ScriptedLink) => void]>([
    ['reads nothing any more', ({ ws }) => ws.pause()],
    ['answers nothing any more', () => (console.behaviour.reply = () => undefined)],
    [
      'answers everything with UNAVAILABLE',
      () =>
        (console.behaviour.reply = () => ({
          errors: [{ message: 'busy', extensions: { code: 'UNAVAILABLE', retryAfterMs: 60_000 } }],
        })),
    ],
    [
      'is gone',
      ({ ws }) => {
        console.behaviour.upgrade = 'nothing'
        ws.terminate()
      },
    ],
  ])('takes less than 5 s when the console %s, and the next run sends what this one could not', async (_, spoil) => {
    const agent = await start()
    const link = await linked()
    link.order(openOrder('trm_1'))
    await eventually(() => link.of('ReportTerminalOpened').length).toBe(1)
    await eventually(() => stored.samples.length).toBeGreaterThan(0)
    const { reply, upgrade } = console.behaviour
    spoil(link)
    install('python')
    await eventually(() => spooled()).toContain('python')
    const took = await stop(agent)
    expect(took).toBeLessThan(5000)
    Object.assign(console.behaviour, { reply, upgrade })
    await start()
    await eventually(() => stored.events.length).toBe(1)
    expect(stored.events[0]?.run).toBe(link.init.run)
    // Counted from 1 and without a hole: nothing of the first run is missing.
    const seqs = stored.samples.filter(({ run }) => run === link.init.run).map(({ seq }) => seq)
    expect(seqs.toSorted((a, b) => a - b)).toEqual(seqs.map((_each, index) => index + 1))
  })

  it('keeps nothing back where there is no directory to write to', async () => {
    writeFileSync(join(home, 'file'), '')
    const agent = await start({ SINDRI_AGENT_STATE_DIR: join(home, 'file/state') })
    const link = await linked()
    expect(link.init.notices).toEqual([
      expect.stringMatching(/^Identity and unsent data are kept in memory only: state directory .* is not writable/),
    ])
    await eventually(() => stored.samples.length).toBeGreaterThan(1)
    install('ruby')
    await clock.advance(5000)
    await stop(agent)
    expect(stored.events).toHaveLength(1)
  })

  it('a second time is the same as once', async () => {
    const agent = await start()
    await linked()
    await Promise.all([stop(agent), agent.stop(), agent.stop()])
    await agent.stop()
    expect(await agent.ended).toMatchObject({ kind: 'stopped' })
  })
})

it('leaves nothing behind when it cannot begin', async () => {
  await start()
  const timers = clock.timerCount()
  await expect(start()).rejects.toMatchObject({ name: 'DirLocked' })
  expect(clock.timerCount()).toBe(timers)
  expect(existsSync(stateDir())).toBe(true)
})

describe('a console that has lost its mind', () => {
  const busy = (code: string, details = {}): Reply => ({
    errors: [{ message: 'no', extensions: { code, ...details } }],
  })
  const field = (name: string): string => `publish${name.slice('Publish'.length)}`

  /** What the console does instead of a good answer to telemetry, once each. */
  const replies: [string, (asked: Asked, link: ScriptedLink) => Reply][] = [
    ['nothing', () => undefined],
    ['null', () => ({ data: null })],
    ['a null answer', ({ name }) => ({ data: { [field(name)]: null } })],
    ['too few outcomes', ({ name }) => ({ data: { [field(name)]: { outcomes: [], refusals: [] } } })],
    ['outcomes of nulls', ({ name }) => ({ data: { [field(name)]: { outcomes: [null], refusals: null } } })],
    ['outcomes as text', ({ name }) => ({ data: { [field(name)]: { outcomes: 'STORED', refusals: [] } } })],
    [
      'outcomes nobody knows',
      ({ name, variables }) => ({
        data: { [field(name)]: { outcomes: (variables.records as []).map(() => 'MAYBE'), refusals: [] } },
      }),
    ],
    [
      'an outcome of a megabyte',
      ({ name }) => ({ data: { [field(name)]: { outcomes: ['x'.repeat(900_000)], refusals: [] } } }),
    ],
    ['the answer to something else', () => ({ data: { heartbeat: 'now' } })],
    ['UNAVAILABLE', () => busy('UNAVAILABLE', { retryAfterMs: 100 })],
    ['UNAVAILABLE until the end of time', () => busy('UNAVAILABLE', { retryAfterMs: -1e308 })],
    ['INTERNAL', () => busy('INTERNAL')],
    ['a code nobody knows', () => busy('GREMLINS')],
    ['FORBIDDEN', () => busy('FORBIDDEN')],
    ['errors that are no list', () => ({ errors: 'none' })],
    ['errors of nulls', () => ({ errors: [null] })],
    ['an end without an answer', ({ id }) => ({ frame: { id, type: 'complete' } })],
    ['an error without a list', ({ id }) => ({ frame: { id, type: 'error', payload: 'no' } })],
    ['a frame that is no JSON', () => ({ frame: '{{{' })],
    ['a frame of another protocol', () => ({ frame: '<xml/>' })],
    ['an empty frame', () => ({ frame: '' })],
    ['a frame of 2 MiB', () => ({ frame: { type: 'pong', payload: { text: 'x'.repeat(2 ** 21) } } })],
    ['bytes', (_, link) => (link.send(new Uint8Array([0, 255])), undefined)],
    ['text that is not UTF-8', (_, link) => (link.sendRaw(new Uint8Array([0x81, 2, 0xc3, 0x28])), undefined)],
    ['an ordinary goodbye', (_, { ws }) => (ws.close(1000), undefined)],
    ['SUPERSEDED', (_, { ws }) => (ws.close(4462), undefined)],
    ['SLOW_CONSUMER', (_, { ws }) => (ws.close(4465), undefined)],
    ['TOKEN_REJECTED', (_, { ws }) => (ws.close(4460), undefined)],
    ['UNAUTHENTICATED', (_, { ws }) => (ws.close(4401), undefined)],
    ['RESTARTING', (_, { ws }) => (ws.close(4466), undefined)],
    ['a close code nobody knows', (_, { ws }) => (ws.close(4777, 'because'), undefined)],
    ['a line that is cut', (_, { ws }) => (ws.terminate(), undefined)],
  ]

  const orders = (): unknown[] => [
    null,
    'TerminalOpenOrder',
    [],
    { __typename: 'RunCommandOrder', command: 'rm' },
    { __typename: '__proto__' },
    openOrder('', {}),
    openOrder('trm_x', { cols: null }),
    openOrder('trm_x', { env: [{ name: 'A' }] }),
    openOrder('trm_x', { deadline: 'never' }),
    openOrder('trm_past', { deadline: '2020-01-01T00:00:00Z' }),
    { __typename: 'TerminalInputOrder', terminalId: 'trm_good', writer: 'att_1', offset: -5, data: 'eA==' },
    { __typename: 'TerminalInputOrder', terminalId: 'trm_good', writer: 'att_1', offset: 0, data: '%%%%' },
    { __typename: 'TerminalAckOrder', terminalId: 'trm_good', attachmentId: 'att_1', offset: 1e300 },
    { __typename: 'TerminalResizeOrder', terminalId: 'trm_good', attachmentId: 'att_1', cols: -1, rows: 'x' },
    { __typename: 'TerminalEndOrder', terminalId: 'trm_good', reason: 'PHASE_OF_MOON' },
    { __typename: 'TerminalEndOrder', terminalId: 'trm_unknown', reason: 'ENDED' },
    { __typename: 'SampleFasterOrder', everyMs: -1, until: 'x' },
    { __typename: 'SampleFasterOrder', everyMs: 500, until: '1999-01-01T00:00:00Z' },
  ]

  it('costs not one sample nor event, through every kind of it', { timeout: 60_000 }, async () => {
    const agent = await start()
    await linked()
    for (const [index, [what, reply]] of replies.entries()) {
      let spoilt = false
      console.behaviour.reply = (asked) => {
        if (!spoilt && asked.name.startsWith('Publish')) {
          spoilt = true
          return reply(asked, console.last())
        }
        note(asked)
        return good(asked)
      }
      install(`extension-${index}`)
      await eventually(() => spoilt, 250).toBe(true)
      // Only when the console has come to its senses the next thing goes wrong.
      await eventually(() => stored.events.length, 250).toBe(index + 1)
      expect(lines.join(''), what).not.toContain('TypeError')
    }
    const seqs = stored.samples.map(({ seq }) => seq).toSorted((a, b) => a - b)
    expect(seqs).toEqual(seqs.map((_, index) => index + 1))
    expect(stored.events.map(({ seq }) => seq)).toEqual(replies.map((_, index) => index + 1))
    expect(await stop(agent)).toBeLessThan(5000)
  })

  it('gives nonsense for orders: they are left undone, and good ones between them are carried out', async () => {
    await start()
    const link = await linked()
    link.order(openOrder('trm_good'))
    await eventually(() => link.of('ReportTerminalOpened').length).toBe(1)
    for (const order of orders()) link.order(order)
    link.send(JSON.stringify({ id: link.of('OrdersWithCommands')[0]?.id, type: 'next', payload: { data: null } }))
    link.send(JSON.stringify({ id: link.of('OrdersWithCommands')[0]?.id, type: 'next', payload: { data: 'order' } }))
    link.order({ __typename: 'SampleFasterOrder', everyMs: 500, until: new Date(clock.now() + 20_000).toISOString() })
    link.order({ __typename: 'TerminalEndOrder', terminalId: 'trm_good', reason: 'ENDED' })
    await eventually(() => link.of('ReportTerminalClosed').length).toBe(1)
    await eventually(() => link.of('PublishLiveSample').length).toBeGreaterThan(0)
    expect(link.of('ReportTerminalOpened').map(({ variables }) => variables.id)).toEqual(['trm_good'])
    await eventually(() => link.of('Heartbeat').at(-1)?.variables.input, 1000).toMatchObject({
      notices: ['Orders that this agent does not know were left undone: RunCommandOrder, __proto__. Update the agent.'],
    })
    expect(lines.filter((line) => line.includes('left undone')).length).toBeLessThan(12)
    expect([console.links.length, link.closedWith()]).toEqual([1, null])
  })

  it('ends the orders: the link begins anew', async () => {
    await start()
    const link = await linked()
    link.send(JSON.stringify({ id: link.of('OrdersWithCommands')[0]?.id, type: 'complete' }))
    await linked(2)
    await expect.poll(() => link.closedWith()).toBe(1000)
  })
})
