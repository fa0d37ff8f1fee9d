// Commands over the real database and bus; the agent's side is played by the test, order by order.
import type { AgentViewer, Command, CommandOutput, Order, RunCommandInput, UserViewer } from '@sindri/schema'
import { LIMITS } from '@sindri/schema/contract/limits'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { createAudit } from '../access/audit.ts'
import { createInbox, type Inbox } from '../agents/inbox.ts'
import type { Bus } from '../platform/bus.ts'
import { createFakeClock, type FakeClock } from '../platform/clock.fake.ts'
import { createIds, ulidToUuid } from '../platform/ids.ts'
import { createJobs } from '../platform/jobs.ts'
import { silentLog } from '../platform/log.ts'
import { openTestBus, openTestDb, type TestBus, type TestDb } from '../testing/backend.ts'
import { type CommandsService, createCommands } from './commands.ts'

let db: TestDb
let bus: TestBus
/** The bus of another replica, where there can be one. */
let far: Bus
beforeAll(async () => {
  db = await openTestDb()
  bus = await openTestBus()
  far = (await bus.another?.()) ?? bus
})
afterAll(async () => {
  await bus.close()
  await db.close()
})

const ids = createIds({ now: () => Date.now() })
const newRun = (): string => ids.make('request').slice(4)
const origin = { ip: '127.0.0.1', userAgent: null, requestId: 'req_1' }

/** One console process: it holds the agent's link, or another one does. */
interface Replica extends CommandsService {
  clock: FakeClock
  inbox: Inbox | undefined
}
const openReplica = async (on: Bus = bus): Promise<Replica> => {
  const clock = createFakeClock(Date.now())
  const replica: Replica = {
    clock,
    inbox: undefined,
    ...createCommands({
      db,
      bus: on,
      clock,
      ids,
      jobs: createJobs({ clock, log: silentLog }),
      log: silentLog,
      inboxOf: (id) => (id === agent.id ? replica.inbox : undefined),
      instanceOf: async (_, id) => ({ id, name: 'forge' }),
    }),
  }
  const undo = await replica.start()
  onTestFinished(undo)
  return replica
}

let agent: AgentViewer
let run: string
let dana: UserViewer
beforeEach(async () => {
  const id = ids.make('instance')
  run = newRun()
  const made = await db.prisma.instance.create({
    data: {
      id,
      name: id,
      publicKey: id,
      thumbprint: id,
      lifecycle: 'ACTIVE',
      liveness: 'ONLINE',
      livenessAt: new Date(),
      heartbeatMs: 10_000,
      metricsMs: 30_000,
      epoch: 1,
      protocolMinor: 1,
    },
  })
  agent = {
    ...origin,
    kind: 'agent',
    role: 'AGENT',
    id,
    name: id,
    num: made.num,
    run: ulidToUuid(run),
    epoch: 1n,
    linkId: 'lnk',
  }
  dana = {
    ...origin,
    kind: 'user',
    id: ids.make('user'),
    name: 'Dana',
    role: 'DEVELOPER',
    mustChangePassword: false,
    sessionId: ids.make('session'),
  }
})

/** The agent comes back: as the same process, or as another one. */
const relink = async (as: 'same run' | 'another run'): Promise<void> => {
  const epoch = agent.epoch + 1n
  if (as === 'another run') run = newRun()
  agent = { ...agent, epoch, run: ulidToUuid(run) }
  await db.prisma.instance.update({ where: { id: agent.id }, data: { epoch } })
}

const wanted = (more: Partial<RunCommandInput> = {}): RunCommandInput => ({
  instanceId: agent.id,
  command: 'echo hi',
  ...more,
})
const rowOf = (id: string) => db.prisma.command.findUniqueOrThrow({ where: { id } })
const until = async (what: string, look: () => unknown): Promise<void> => {
  const deadline = performance.now() + 10_000
  while (performance.now() < deadline) {
    if (await look()) return
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  throw new Error(`expected ${what}`)
}
const ordersOf = (inbox: Inbox): Order[] => {
  const orders: Order[] = []
  const reader = inbox.read()
  void (async () => {
    for await (const order of reader) orders.push(order)
  })()
  onTestFinished(async () => void (await reader.return?.()))
  return orders
}
const base64 = (text: string): string => Buffer.from(text).toString('base64')
let seq = 0
const output = (commandId: string, offset: number, text: string, stream = 'STDOUT') => ({
  run,
  seq: ++seq,
  commandId,
  output: { stream, offset, data: base64(text) },
})
const end = (commandId: string, more: object = {}) => ({
  run,
  seq: ++seq,
  commandId,
  finished: {
    outcome: 'SUCCEEDED',
    exitCode: 0,
    stdoutBytes: 0,
    stderrBytes: 0,
    droppedBytes: 0,
    durationMs: 12,
    ...more,
  },
})
/** Asked for and claimed. */
const begun = async ({ commands, reports }: Replica): Promise<string> => {
  const { id } = await commands.run(dana, wanted())
  expect(await reports.claim(agent, id)).toBe(true)
  return id
}
const outcomes = async ({ reports }: Replica, ...records: object[]): Promise<string[]> =>
  (await reports.publish(agent, records as never)).outcomes

describe('a command', () => {
  it('is a row before it is an order, with one audit entry and no secret in it', async () => {
    const replica = await openReplica()
    const made = await replica.commands.run(
      dana,
      wanted({ args: ['a b', ''], env: [{ name: 'TOKEN', value: 's3cret' }], stdin: base64('also s3cret') }),
    )
    expect(made).toMatchObject({
      state: 'QUEUED',
      command: 'echo hi',
      args: ['a b', ''],
      envNames: ['TOKEN'],
      stdinBytes: 11,
      timeoutMs: 30_000,
      actorName: 'Dana',
    })
    const entries = await db.prisma.auditEntry.findMany({ where: { targetId: made.id } })
    expect(entries).toMatchObject([{ action: 'command.run.runCommand', actorId: dana.id, outcome: 'ALLOWED' }])
    expect(JSON.stringify([entries[0]?.after, made])).not.toContain('s3cret')
  })

  it('is named in the audit log by the instance it was meant for', async () => {
    const replica = await openReplica()
    const { id } = await replica.commands.run(dana, wanted())
    const { edges } = await createAudit({ db, clock: replica.clock, log: silentLog }).page(dana, {
      filter: { targetId: id },
    })
    expect(edges.map(({ node }) => node.targetName)).toEqual([agent.id])
  })

  it('keeps text that no database can hold as the nearest that it can', async () => {
    const replica = await openReplica()
    const made = await replica.commands.run(
      dana,
      wanted({ command: 'a\ud800', args: ['b\udc00'], env: [{ name: 'C', value: '\ud83d' }] }),
    )
    expect(made).toMatchObject({ command: 'a\ufffd', args: ['b\ufffd'], envNames: ['C'] })
  })

  it('goes to an agent that is linked here at once, and says so', async () => {
    const replica = await openReplica()
    replica.inbox = createInbox()
    const orders = ordersOf(replica.inbox)
    const { id } = await replica.commands.run(dana, wanted({ cwd: '/tmp', env: [{ name: 'A', value: 'b' }] }))
    await until('the order', () => orders.length > 0)
    expect(orders).toMatchObject([
      {
        kind: 'commandRun',
        commandId: id,
        command: 'echo hi',
        args: null,
        cwd: '/tmp',
        env: [{ name: 'A', value: 'b' }],
        timeoutMs: 30_000,
      },
    ])
    await until('SENT', async () => (await rowOf(id)).state === 'SENT')
  })

  it('asked for on one replica is given by the other, which holds the link', async () => {
    const asked = await openReplica()
    const holder = await openReplica(far)
    holder.inbox = createInbox()
    const orders = ordersOf(holder.inbox)
    const { id } = await asked.commands.run(dana, wanted())
    await until('the order', () => orders.length > 0)
    expect(orders).toMatchObject([{ commandId: id }])
  })

  it('reaches its agent with the next round where the notice was lost', async () => {
    const replica = await openReplica()
    replica.inbox = createInbox()
    const orders = ordersOf(replica.inbox)
    const { id } = await db.prisma.command.create({
      data: {
        id: ids.make('command'),
        instanceId: agent.id,
        actorKind: 'USER',
        actorId: dana.id,
        actorName: 'Dana',
        command: 'true',
        timeoutMs: 1000,
      },
    })
    await replica.clock.advance(10_000)
    await until('the order', () => orders.length > 0)
    expect(orders).toMatchObject([{ commandId: id }])
  })

  it('waits for an agent that is away, and comes in the order of asking when it is back; once over one link', async () => {
    const replica = await openReplica()
    const first = await replica.commands.run(dana, wanted({ command: 'first' }))
    const second = await replica.commands.run(dana, wanted({ command: 'second' }))
    replica.inbox = createInbox()
    const orders = ordersOf(replica.inbox)
    await replica.reports.held(agent, [])
    await replica.reports.held(agent, [])
    await replica.clock.advance(20_000)
    await until('both', () => orders.length >= 2)
    expect(orders.map((order) => (order as { commandId: string }).commandId)).toEqual([first.id, second.id])
    // Over another link what was not claimed comes again.
    await relink('same run')
    replica.inbox = createInbox()
    const again = ordersOf(replica.inbox)
    await replica.reports.held(agent, [])
    await until('both again', () => again.length === 2)
  })

  it('is refused where the agent is too old for it, and where too many wait', async () => {
    const replica = await openReplica()
    await db.prisma.instance.update({ where: { id: agent.id }, data: { protocolMinor: 0 } })
    await expect(replica.commands.run(dana, wanted())).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    await db.prisma.instance.update({ where: { id: agent.id }, data: { protocolMinor: 1 } })
    for (let i = 0; i < LIMITS.commandsPerAgent; i++) await replica.commands.run(dana, wanted())
    await expect(replica.commands.run(dana, wanted())).rejects.toMatchObject({ code: 'LIMIT_REACHED' })
  })

  it.each([
    ['an empty line', { command: ' \n' }],
    ['NUL', { command: 'a\0b' }],
    ['too long a line', { command: 'x'.repeat(LIMITS.commandChars + 1) }],
    ['too many arguments', { args: Array.from({ length: 257 }, () => '') }],
    ['too short a time', { timeoutMs: 999 }],
    ['too long a time', { timeoutMs: 3_600_001 }],
    ['a name of a variable that is none', { env: [{ name: '1A', value: '' }] }],
    ['too much in variables', { env: [1, 2, 3].map((n) => ({ name: `A${n}`, value: 'x'.repeat(12_000) })) }],
    ['too much input', { stdin: base64('x'.repeat(LIMITS.commandStdinBytes + 1)) }],
    ['a directory of two lines', { cwd: '/a\n/b' }],
  ])('with %s is refused by name', async (_, more) => {
    const replica = await openReplica()
    await expect(replica.commands.run(dana, wanted(more))).rejects.toMatchObject({ code: 'BAD_INPUT' })
  })
})

describe('a claim', () => {
  it('is given to one run alone, to that again, and takes the secrets away', async () => {
    const replica = await openReplica()
    const { id } = await replica.commands.run(dana, wanted({ env: [{ name: 'TOKEN', value: 's3cret' }] }))
    expect(await replica.reports.claim(agent, id)).toBe(true)
    expect(await rowOf(id)).toMatchObject({ state: 'RUNNING', payload: null })
    await relink('same run')
    expect(await replica.reports.claim(agent, id)).toBe(true)
    await relink('another run')
    expect(await replica.reports.claim(agent, id)).toBe(false)
  })

  it('of two runs at the same moment is given to one, over two replicas', async () => {
    const [one, other] = [await openReplica(), await openReplica(far)]
    for (let i = 0; i < 10; i++) {
      const { id } = await one.commands.run(dana, wanted())
      const clone = { ...agent, run: ulidToUuid(newRun()) }
      const answers = await Promise.all([one.reports.claim(agent, id), other.reports.claim(clone, id)])
      expect(answers.filter(Boolean)).toHaveLength(1)
      await db.prisma.command.delete({ where: { id } })
    }
  })

  it('is not given over an older link, nor to another instance, nor for what was taken back', async () => {
    const replica = await openReplica()
    const { id } = await replica.commands.run(dana, wanted())
    const old = agent
    await relink('same run')
    await expect(replica.reports.claim(old, id)).rejects.toMatchObject({ code: 'SUPERSEDED' })
    const mine = agent
    const { id: elsewhere } = await db.prisma.instance.create({
      data: {
        id: ids.make('instance'),
        name: id,
        publicKey: id,
        thumbprint: id,
        lifecycle: 'ACTIVE',
        liveness: 'ONLINE',
        livenessAt: new Date(),
        heartbeatMs: 1,
        metricsMs: 1,
        epoch: 2,
      },
    })
    expect(await replica.reports.claim({ ...mine, id: elsewhere }, id)).toBe(false)
    expect(await replica.commands.cancel(dana, id)).toMatchObject({ state: 'CANCELLED', cancelledBy: 'Dana' })
    expect(await replica.reports.claim(mine, id)).toBe(false)
    await expect(replica.reports.claim(mine, 'nothing')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})

describe('output and end', () => {
  it('are stored once however often and in whatever order they come', async () => {
    const replica = await openReplica()
    const id = await begun(replica)
    const [a, b] = [output(id, 0, 'one '), output(id, 4, 'two')]
    const last = end(id, { outcome: 'FAILED', exitCode: 3, stdoutBytes: 7 })
    expect(await outcomes(replica, b)).toEqual(['STORED'])
    expect(await outcomes(replica, last)).toEqual(['STORED'])
    expect(await outcomes(replica, a, b, last)).toEqual(['STORED', 'REPEATED', 'REPEATED'])
    expect(await replica.commands.one(dana, id)).toMatchObject({
      state: 'FAILED',
      exitCode: 3,
      stdoutBytes: 7,
      durationMs: 12,
    })
    const given: CommandOutput[] = []
    for await (const part of await replica.commands.output(dana, { id })) given.push(part)
    expect(given).toEqual([
      { stream: 'STDOUT', offset: 0, data: base64('one ') },
      { stream: 'STDOUT', offset: 4, data: base64('two') },
    ])
  })

  it('of a command that this run did not claim are refused, each for itself', async () => {
    const replica = await openReplica()
    const id = await begun(replica)
    const theirs = { ...output(id, 0, 'x'), run: newRun() }
    const answer = await replica.reports.publish(agent, [
      theirs,
      output(id, 0, 'mine'),
      output(ids.make('command'), 0, 'x'),
    ] as never)
    expect(answer.outcomes).toEqual(['REFUSED', 'STORED', 'REFUSED'])
    expect(answer.refusals.map(({ index, code }) => [index, code])).toEqual([
      [0, 'NOT_FOUND'],
      [2, 'NOT_FOUND'],
    ])
  })

  it.each([
    ['neither', {}],
    ['both', { output: { stream: 'STDOUT', offset: 0, data: 'eA==' }, finished: {} }],
    ['another stream', { output: { stream: 'STDLOG', offset: 0, data: 'eA==' } }],
    ['no base64', { output: { stream: 'STDOUT', offset: 0, data: 'eA' } }],
    ['nothing', { output: { stream: 'STDOUT', offset: 0, data: '' } }],
    ['a place beyond what is kept', { output: { stream: 'STDOUT', offset: LIMITS.commandOutputBytes, data: 'eA==' } }],
    [
      'another outcome',
      { finished: { outcome: 'INTERRUPTED', stdoutBytes: 0, stderrBytes: 0, droppedBytes: 0, durationMs: 0 } },
    ],
    ['half an end', { finished: { outcome: 'FAILED' } }],
  ])('with %s is refused for good', async (_, what) => {
    const replica = await openReplica()
    const id = await begun(replica)
    expect(await outcomes(replica, { run, seq: 1, commandId: id, ...what })).toEqual(['REFUSED'])
  })

  it('are not taken over an older link', async () => {
    const replica = await openReplica()
    const id = await begun(replica)
    const old = agent
    await relink('same run')
    await expect(replica.reports.publish(old, [output(id, 0, 'x')] as never)).rejects.toMatchObject({
      code: 'SUPERSEDED',
    })
  })

  it('are given from the offsets that a reader has, as they come, until all is there', async () => {
    const replica = await openReplica()
    const id = await begun(replica)
    await outcomes(replica, output(id, 0, 'abcdef'), output(id, 0, 'oh', 'STDERR'))
    const stream = (await replica.commands.output(dana, {
      id,
      stdout: 4,
      stderr: 2,
    })) as AsyncIterableIterator<CommandOutput>
    expect(await stream.next()).toMatchObject({ value: { stream: 'STDOUT', offset: 4, data: base64('ef') } })
    const coming = stream.next()
    await outcomes(replica, output(id, 6, 'gh'))
    expect(await coming).toMatchObject({ value: { offset: 6, data: base64('gh') } })
    const last = stream.next()
    // The end is told before the last bytes: they are waited for.
    await outcomes(replica, end(id, { stdoutBytes: 9, stderrBytes: 2 }))
    await outcomes(replica, output(id, 8, 'i'))
    expect(await last).toMatchObject({ value: { offset: 8, data: base64('i') } })
    expect(await stream.next()).toMatchObject({ done: true })
  })

  it('are whole where the agent had no room for more', async () => {
    const replica = await openReplica()
    const id = await begun(replica)
    await outcomes(replica, output(id, 0, 'abcd'), output(id, 0, 'oh', 'STDERR'))
    await outcomes(replica, end(id, { stdoutBytes: 9, stderrBytes: 3, droppedBytes: 5 }))
    const stream = (await replica.commands.output(dana, { id })) as AsyncIterableIterator<CommandOutput>
    const parts = [await stream.next(), await stream.next()]
    expect(parts.map(({ value }) => (value as CommandOutput).data)).toEqual([base64('abcd'), base64('oh')])
    const last = stream.next()
    await outcomes(replica, output(id, 2, '!', 'STDERR'))
    expect(await last).toMatchObject({ value: { stream: 'STDERR', offset: 2, data: base64('!') } })
    expect(await stream.next()).toMatchObject({ done: true })
  })

  it('are given on another replica, and where every notice is lost', async () => {
    const replica = await openReplica()
    const other = await openReplica(far)
    const id = await begun(replica)
    const stream = (await other.commands.output(dana, { id })) as AsyncIterableIterator<CommandOutput>
    const first = stream.next()
    await outcomes(replica, output(id, 0, 'told'))
    expect(await first).toMatchObject({ value: { data: base64('told') } })
    const second = stream.next()
    await db.query(`insert into command_output values ($1, 'STDOUT', 4, $2)`, [id, Buffer.from('untold')])
    await other.clock.advance(5_000)
    expect(await second).toMatchObject({ value: { data: base64('untold') } })
    await stream.return?.()
  })

  it('ends a reader who leaves while it waits', async () => {
    const replica = await openReplica()
    const stream = (await replica.commands.output(dana, {
      id: await begun(replica),
    })) as AsyncIterableIterator<CommandOutput>
    const coming = stream.next()
    await stream.return?.()
    expect(await coming).toMatchObject({ done: true })
    await expect(replica.commands.output(dana, { id: ids.make('command') })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
  })
})

describe('the end of a command', () => {
  it('is ordered while it runs, again over each link, and is what its agent reports', async () => {
    const replica = await openReplica()
    const id = await begun(replica)
    replica.inbox = createInbox()
    const orders = ordersOf(replica.inbox)
    expect(await replica.commands.cancel(dana, id)).toMatchObject({ state: 'RUNNING', cancelledBy: 'Dana' })
    await until('the order', () => orders.length > 0)
    expect(orders).toEqual([{ kind: 'commandCancel', commandId: id }])
    await relink('same run')
    replica.inbox = createInbox()
    const again = ordersOf(replica.inbox)
    await replica.reports.held(agent, [id])
    await until('the order again', () => again.length > 0)
    expect(await outcomes(replica, end(id, { outcome: 'CANCELLED', exitCode: null, signal: 'SIGTERM' }))).toEqual([
      'STORED',
    ])
    expect(await replica.commands.cancel(dana, id)).toMatchObject({ state: 'CANCELLED', signal: 'SIGTERM' })
    const actions = (await db.prisma.auditEntry.findMany({ where: { targetId: id }, orderBy: { id: 'asc' } })).map(
      ({ action }) => action,
    )
    expect(actions).toEqual(['command.run.runCommand', 'command.run.cancelCommand', 'command.run.cancelCommand'])
  })

  it('is INTERRUPTED when its agent comes back as another process, and final', async () => {
    const replica = await openReplica()
    const lost = await begun(replica)
    await relink('another run')
    const kept = await begun(replica)
    await replica.reports.held(agent, [kept])
    expect(await replica.commands.one(dana, lost)).toMatchObject({
      state: 'INTERRUPTED',
      message: expect.stringContaining('may have run') as string,
    })
    expect(await replica.commands.one(dana, kept)).toMatchObject({ state: 'RUNNING' })
    expect(await replica.reports.claim(agent, lost)).toBe(false)
    // Its reader has all there is.
    const stream = (await replica.commands.output(dana, { id: lost })) as AsyncIterableIterator<CommandOutput>
    expect(await stream.next()).toMatchObject({ done: true })
  })

  it('is UNREACHABLE after a day without its agent, or when the instance goes; and forgotten after 90 days', async () => {
    const replica = await openReplica()
    const ask = async () => (await replica.commands.run(dana, wanted())).id
    const [old, fresh, ancient] = [await ask(), await ask(), await ask()]
    await db.query(`update commands set created_at = now() - interval '25 hours' where id = $1`, [old])
    await db.query(`update commands set created_at = now() - interval '91 days', state = 'FAILED' where id = $1`, [
      ancient,
    ])
    await replica.clock.advance(60_000)
    await until('the sweep', async () => (await rowOf(old)).state === 'UNREACHABLE')
    expect(await rowOf(old)).toMatchObject({ payload: null, message: expect.stringContaining('24 h') as string })
    expect(await rowOf(fresh)).toMatchObject({ state: 'QUEUED' })
    await until('it to be forgotten', async () => (await db.prisma.command.count({ where: { id: ancient } })) === 0)
    await db.query('update instances set deleted_at = now() where id = $1', [agent.id])
    await replica.clock.advance(60_000)
    await until('the sweep', async () => (await rowOf(fresh)).state === 'UNREACHABLE')
  })
})

describe('who looks', () => {
  it('sees each step once, on any replica, and what the bus lost with the next read', async () => {
    const replica = await openReplica()
    const other = await openReplica(far)
    const earlier = await replica.commands.run(dana, wanted())
    const stream = (await other.commands.changes(dana, agent.id)) as AsyncIterableIterator<Command>
    const seen: string[] = []
    const reading = (async () => {
      for await (const { id, state } of stream) seen.push(`${id === earlier.id ? 'earlier' : 'new'} ${state}`)
    })()
    const id = await begun(replica)
    await outcomes(replica, end(id))
    await until('the end', () => seen.includes('new SUCCEEDED'))
    expect(seen.filter((line) => line.startsWith('earlier'))).toEqual([])
    await db.query(
      `update commands set state = 'CANCELLED', finished_at = now(), revision = revision + 1, changed_at = now() where id = $1`,
      [earlier.id],
    )
    await other.clock.advance(30_000)
    await until('what nobody told', () => seen.includes('earlier CANCELLED'))
    expect(new Set(seen).size).toBe(seen.length)
    await stream.return?.()
    await reading
  })

  it('reads them newest first, page by page', async () => {
    const replica = await openReplica()
    const made = []
    for (const command of ['a', 'b', 'c']) made.push((await replica.commands.run(dana, wanted({ command }))).id)
    const first = await replica.commands.page(dana, { instanceId: agent.id, first: 2 })
    const second = await replica.commands.page(dana, {
      instanceId: agent.id,
      first: 2,
      after: first.edges.at(-1)?.cursor,
    })
    expect([...first.edges, ...second.edges].map(({ node }) => node.id)).toEqual(made.toReversed())
    expect([first.hasNextPage, second.hasNextPage, first.totalCount]).toEqual([true, false, 3])
    expect((await replica.commands.page(dana, { instanceId: 'nothing' })).edges).toEqual([])
  })
})
