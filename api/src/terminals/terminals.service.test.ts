// Terminals over the real database and bus; the agent's side is played by the test, order by order.
import type { AgentViewer, KeyViewer, Terminal, TerminalFrame, Terminals, UserViewer } from '@sindri/schema'
import { LIMITS } from '@sindri/schema/contract/limits'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { topics } from '../platform/topics.ts'
import { ids, openTerminals, type Stage, type TestTerminals, until } from '../testing/terminals.ts'
import type { TerminalsDeps } from './terminals.ts'

let test: TestTerminals
let db: TestTerminals['db']
let bus: TestTerminals['bus']
let clock: TestTerminals['clock']
let person: TestTerminals['person']
let entries: TestTerminals['entries']
beforeAll(async () => {
  test = await openTerminals()
  ;({ db, bus, clock, person, entries } = test)
})
afterAll(() => test.close())

let stage: Stage
let dana: UserViewer
beforeEach(async () => {
  stage = await test.stage()
  dana = await person('Dana')
})

const opening = () => stage.opening()

const open = async (viewer = dana): Promise<string> => {
  const id = await stage.open(viewer)
  expect(await stage.terminals.one(viewer, id)).toMatchObject({
    id,
    state: 'READY',
    pid: 42,
    shell: '/bin/bash',
    mine: true,
  })
  return id
}

const attach = async (terminalId: string, from: number | null = null, viewer = dana) => {
  const attachmentId = ids.make('attachment')
  const stream = await stage.terminals.attach(viewer, { terminalId, attachmentId, from, cols: 80, rows: 24 })
  const frames: TerminalFrame[] = []
  const done = (async () => {
    for await (const frame of stream) frames.push(frame)
  })()
  onTestFinished(async () => void (await (stream as AsyncIterableIterator<TerminalFrame>).return?.()))
  const order = await stage.nextOrder('terminalAttach')
  return { attachmentId, frames, done, order, stream: stream as AsyncIterableIterator<TerminalFrame> }
}

const output = (offset: number, text: string, replay = false) => ({
  output: { offset, data: Buffer.from(text).toString('base64'), replay },
})
const textOf = (frames: TerminalFrame[]): string =>
  frames.map((frame) => (frame.kind === 'output' ? Buffer.from(frame.data, 'base64').toString() : '')).join('')

describe('opening', () => {
  it('answers once the shell runs, and leaves one entry that names no secret', async () => {
    const opened = stage.terminals.open(dana, { ...opening(), cwd: '/tmp', env: [{ name: 'TOKEN', value: 's3cret' }] })
    const order = await stage.nextOrder('terminalOpen')
    expect(order).toMatchObject({
      cols: 80,
      rows: 24,
      cwd: '/tmp',
      shell: null,
      env: [{ name: 'TOKEN', value: 's3cret' }],
    })
    await stage.terminals.opened(stage.agent, { id: order.terminalId, pid: 7 })
    await opened
    const [entry, ...more] = await entries(order.terminalId)
    expect(more).toEqual([])
    expect(entry).toMatchObject({ action: 'terminal.open', actorId: dana.id, outcome: 'ALLOWED' })
    expect(JSON.stringify(entry?.after)).not.toContain('s3cret')
  })

  it('fails at once while the agent is away', async () => {
    stage.link = null
    await expect(stage.terminals.open(dana, opening())).rejects.toMatchObject({ code: 'AGENT_OFFLINE' })
    expect(stage.orders).toEqual([])
  })

  it('fails after ten seconds without an answer, closes the row, and tells an agent that is late', async () => {
    const opened = stage.terminals.open(dana, opening())
    const failed = expect(opened).rejects.toMatchObject({ code: 'AGENT_TIMEOUT' })
    const { terminalId } = await stage.nextOrder('terminalOpen')
    await until('the wait to begin', () => clock.timerCount() > 0)
    await clock.advance(LIMITS.terminalOpenTimeoutMs)
    await failed
    expect(await stage.terminals.one(dana, terminalId)).toMatchObject({ state: 'CLOSED', reason: 'FAILED' })
    expect(await stage.terminals.opened(stage.agent, { id: terminalId, pid: 9 })).toBe(false)
    await stage.nextOrder('terminalEnd')
  })

  it("fails with the agent's reason", async () => {
    const opened = stage.terminals.open(dana, { ...opening(), shell: '/bin/nosuch' })
    const failed = expect(opened).rejects.toMatchObject({
      code: 'AGENT_FAILED',
      message: expect.stringContaining('/bin/nosuch: not found'),
    })
    const { terminalId } = await stage.nextOrder('terminalOpen')
    await stage.terminals.opened(stage.agent, { id: terminalId, failure: '/bin/nosuch: not found' })
    await failed
    expect((await entries(terminalId)).map(({ action }) => action)).toEqual(['terminal.open', 'terminal.close'])
  })

  it.each([
    ['cols', { cols: 1 }],
    ['rows', { rows: 501 }],
    ['cols', { cols: 2.5 }],
    ['shell', { shell: '/bin/sh\n-c' }],
    ['env', { env: [{ name: 'A=B', value: '' }] }],
    ['env', { env: [{ name: 'A', value: 'x\0' }] }],
  ])('refuses a wrong %s before anybody is asked', async (field, wrong) => {
    await expect(stage.terminals.open(dana, { ...opening(), ...wrong })).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringContaining(`input.${field}`),
    })
    expect(stage.orders).toEqual([])
  })

  it('takes as many variables as an order carries to another replica, and refuses more before anybody is asked', async () => {
    const env = (count: number, value: string) =>
      Array.from({ length: count }, (_, index) => ({ name: `V${index}`, value }))
    for (const many of [env(15, 'x'.repeat(4096)), env(8, '\n'.repeat(4096)), env(8, '€'.repeat(3000))]) {
      await expect(stage.terminals.open(dana, { ...opening(), env: many })).rejects.toMatchObject({
        code: 'BAD_INPUT',
        details: { field: 'input.env' },
      })
    }
    expect(stage.orders).toEqual([])
    const order: TerminalsDeps['order'] = (instanceId, each) => {
      test.far.publish(topics.order, 'rep_far', { instanceId, order: each })
      return stage.orders.push(each) > 0
    }
    const opened = stage.another({ order }).open(dana, { ...opening(), env: env(14, 'x'.repeat(4096)) })
    const { terminalId } = await stage.nextOrder('terminalOpen')
    await stage.terminals.opened(stage.agent, { id: terminalId, pid: 7 })
    expect(await opened).toMatchObject({ state: 'READY' })
  })

  it('stops at the limit of terminals that an agent may hold', async () => {
    await db.prisma.terminal.createMany({
      data: Array.from({ length: LIMITS.terminalsPerAgent }, () => ({
        id: ids.make('terminal'),
        instanceId: stage.agent.id,
        epoch: 1n,
        openerKind: 'USER' as const,
        openerId: dana.id,
        openerName: 'Dana',
        state: 'READY' as const,
        cols: 80,
        rows: 24,
      })),
    })
    await expect(stage.terminals.open(dana, opening())).rejects.toMatchObject({ code: 'LIMIT_REACHED' })
  })
})

describe('attaching', () => {
  it('asks the agent for a replay and joins the live output where the two meet', async () => {
    const id = await open()
    const view = await attach(id)
    expect(view.order).toMatchObject({
      terminalId: id,
      attachmentId: view.attachmentId,
      from: null,
      cols: 80,
      rows: 24,
    })
    const { terminals, agent } = stage
    await terminals.frames(agent, { terminalId: id, frames: [output(5, ' world')] })
    await terminals.frames(agent, {
      terminalId: id,
      attachmentId: view.attachmentId,
      frames: [output(0, 'hello', true)],
    })
    await terminals.frames(agent, {
      terminalId: id,
      attachmentId: view.attachmentId,
      frames: [{ joined: { offset: 5, cols: 80, rows: 24 } }],
    })
    await terminals.frames(agent, { terminalId: id, frames: [output(11, '!')] })
    await until('all of it', () => textOf(view.frames) === 'hello world!')
  })

  it("is for the opener's own pages: everybody else reads NOT_FOUND, and administrators may only end it", async () => {
    const id = await open()
    const other = await person('Jonas')
    const admin = await person('Ada', 'ADMIN')
    for (const viewer of [other, admin]) {
      const attachmentId = ids.make('attachment')
      await expect(
        stage.terminals.attach(viewer, { terminalId: id, attachmentId, cols: 80, rows: 24 }),
      ).rejects.toMatchObject({ code: 'NOT_FOUND' })
      await expect(
        (async () => stage.terminals.input(viewer, { terminalId: id, attachmentId, offset: 0, data: 'YQ==' }))(),
      ).rejects.toMatchObject({ code: 'NOT_FOUND' })
    }
    await expect(stage.terminals.one(other, id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(await stage.terminals.one(admin, id)).toMatchObject({ id, mine: false })
    await stage.terminals.end(admin, id)
    expect(await stage.nextOrder('terminalEnd')).toMatchObject({ terminalId: id, reason: 'ENDED' })
  })

  it('sends the end behind the last byte, though the report overtakes the bytes', async () => {
    const id = await open()
    const view = await attach(id)
    const { terminals, agent } = stage
    await terminals.frames(agent, {
      terminalId: id,
      attachmentId: view.attachmentId,
      frames: [{ joined: { offset: 0, cols: 80, rows: 24 } }],
    })
    await terminals.closed(agent, { id, finalOffset: 3, exitCode: 0, reason: 'EXITED' })
    await terminals.frames(agent, { terminalId: id, frames: [output(0, 'bye')] })
    await view.done
    expect(textOf(view.frames)).toBe('bye')
    expect(view.frames.at(-1)).toEqual({
      kind: 'closed',
      finalOffset: 3,
      exitCode: 0,
      signal: null,
      reason: 'EXITED',
      by: null,
    })
  })

  it('that nobody took is asked for again once the agent is heard, and no more often than it must', async () => {
    const id = await open()
    let isAway = true
    let asked = 0
    const { agent } = stage
    const replica = stage.another({
      order: (_, order) => {
        if (order.kind === 'terminalAttach') asked += 1
        return !isAway && stage.orders.push(order) > 0
      },
    })
    const attachmentId = ids.make('attachment')
    const frames: TerminalFrame[] = []
    const view = await replica.attach(dana, { terminalId: id, attachmentId, from: 0, cols: 80, rows: 24 })
    const reading = (async () => {
      for await (const frame of view) frames.push(frame)
    })()
    await until('it to be asked', () => asked === 1)
    // A burst of an agent that takes nothing, because it is behind.
    for (let offset = 5; offset < 15; offset += 1)
      await replica.frames(agent, { terminalId: id, frames: [output(offset, '.')] })
    await clock.advance(99)
    expect(asked).toBe(1)
    isAway = false
    await clock.advance(1)
    await replica.frames(agent, { terminalId: id, frames: [output(15, '!')] })
    expect(await stage.nextOrder('terminalAttach')).toMatchObject({ attachmentId, from: 0 })
    await replica.frames(agent, {
      terminalId: id,
      attachmentId,
      frames: [output(0, 'hello', true), { joined: { offset: 15, cols: 80, rows: 24 } }],
    })
    await until('what came behind', () => textOf(frames).endsWith('!'))
    expect(asked).toBe(2)
    await replica.closed(agent, { id, finalOffset: 0, exitCode: 0, reason: 'EXITED' })
    await reading
  })

  it('ends though the last bytes never come, because nobody has them any more', async () => {
    const id = await open()
    const view = await attach(id)
    await clock.advance(0)
    const timers = clock.timerCount()
    await stage.terminals.closed(stage.agent, { id, finalOffset: 300, exitCode: 1, reason: 'EXITED' })
    await until('the wait for the tail', () => clock.timerCount() > timers)
    await clock.advance(3000)
    // Asked once more: it may have been away.
    expect(await stage.nextOrder('terminalAttach')).toMatchObject({ attachmentId: view.attachmentId, from: 0 })
    await until('another wait', () => clock.timerCount() > timers)
    await clock.advance(3000)
    await view.done
    expect(view.frames.at(-1)).toMatchObject({ kind: 'closed', exitCode: 1 })
  })

  it('sends the end behind the last byte to a viewer in a replay, however slowly it goes on', async () => {
    const id = await open()
    const view = await attach(id)
    const { terminals, agent } = stage
    await clock.advance(0)
    const timers = clock.timerCount()
    await terminals.closed(agent, { id, finalOffset: 6, exitCode: 0, reason: 'EXITED' })
    for (let offset = 0; offset < 6; offset++) {
      await until('the wait for more', () => clock.timerCount() > timers)
      await clock.advance(2900)
      await terminals.frames(agent, {
        terminalId: id,
        attachmentId: view.attachmentId,
        frames: [output(offset, 'abcdef'[offset]!, true)],
      })
      await until('the byte', () => textOf(view.frames).length === offset + 1)
    }
    await view.done
    expect(textOf(view.frames)).toBe('abcdef')
    expect(view.frames.at(-1)).toMatchObject({ kind: 'closed', finalOffset: 6 })
  })

  it('passes frames on in the order in which they came, though it must first ask whose terminal it is', async () => {
    const id = await open()
    const view = await attach(id)
    const { agent } = stage
    const replica = stage.another({
      order: () => true,
    })
    await stage.terminals.frames(agent, {
      terminalId: id,
      attachmentId: view.attachmentId,
      frames: [{ joined: { offset: 0, cols: 80, rows: 24 } }],
    })
    const text = 'abcdefghijklmnopqrstuvwxyz'
    await Promise.all(
      Array.from(text, (letter, offset) => replica.frames(agent, { terminalId: id, frames: [output(offset, letter)] })),
    )
    await until('all of it', () => textOf(view.frames).length === text.length)
    expect(textOf(view.frames)).toBe(text)
  })

  it('closes on a viewer that does not read, which goes on from the byte it had', async () => {
    const id = await open()
    const { terminals, agent } = stage
    const attachmentId = ids.make('attachment')
    const at = (from: number) => terminals.attach(dana, { terminalId: id, attachmentId, from, cols: 80, rows: 24 })
    const unread = (await at(0)) as AsyncIterableIterator<TerminalFrame>
    const join = async (offset: number): Promise<boolean> =>
      terminals.frames(agent, { terminalId: id, attachmentId, frames: [{ joined: { offset, cols: 80, rows: 24 } }] })
    await join(0)
    const piece = 'x'.repeat(32 * 1024)
    for (let count = 0; count < 200; count++)
      await terminals.frames(agent, { terminalId: id, frames: [output(count * piece.length, piece)] })
    await stage.nextOrder('terminalDetach')
    const seen: TerminalFrame[] = []
    const reading = (async () => {
      for await (const frame of { [Symbol.asyncIterator]: () => unread }) seen.push(frame)
    })()
    await expect(reading).rejects.toMatchObject({ code: 'SLOW_CONSUMER' })
    const had = textOf(seen).length
    expect(had).toBeGreaterThan(1.25 * 1024 * 1024)
    expect(had).toBeLessThan(4 * 1024 * 1024)
    stage.orders.length = 0
    const again = (await at(had)) as AsyncIterableIterator<TerminalFrame>
    expect(await stage.nextOrder('terminalAttach')).toMatchObject({ attachmentId, from: had })
    await again.return?.()
  })

  it.each(['this', 'another'])(
    'tells the agent when the page has gone, but not a view that %s replica replaced',
    async (replica) => {
      const id = await open()
      const first = await attach(id)
      const again = await (replica === 'this' ? stage.terminals : stage.another()).attach(dana, {
        terminalId: id,
        attachmentId: first.attachmentId,
        from: 0,
        cols: 80,
        rows: 24,
      })
      await stage.nextOrder('terminalAttach')
      await first.stream.return?.()
      expect(stage.orders.map(({ kind }) => kind)).not.toContain('terminalDetach')
      await (again as AsyncIterableIterator<TerminalFrame>).return?.()
      expect(await stage.nextOrder('terminalDetach')).toMatchObject({ attachmentId: first.attachmentId })
    },
  )
})

describe('input', () => {
  it('goes to the agent with its offset, and is refused to its sender while the agent is full', async () => {
    const id = await open()
    const attachmentId = ids.make('attachment')
    await stage.terminals.input(dana, { terminalId: id, attachmentId, offset: 7, data: 'bHM=' })
    expect(await stage.nextOrder('terminalInput')).toEqual({
      kind: 'terminalInput',
      terminalId: id,
      writer: attachmentId,
      offset: 7,
      data: 'bHM=',
    })
    const full = stage.another({
      order: () => false,
    })
    await expect(full.input(dana, { terminalId: id, attachmentId, offset: 9, data: 'bHM=' })).rejects.toMatchObject({
      code: 'SLOW_AGENT',
      details: { retryAfterMs: 1000 },
    })
  })

  it('is refused with the reason while the agent is away', async () => {
    const id = await open()
    const away = stage.another({
      order: () => false,
      linkOf: async () => null,
    })
    const args = { terminalId: id, attachmentId: ids.make('attachment'), offset: 0, data: 'bHM=' }
    await expect(away.input(dana, args)).rejects.toMatchObject({ code: 'AGENT_OFFLINE' })
  })

  it.each([
    ['a negative offset', { offset: -1 }],
    ['no bytes', { data: '' }],
    ['too many bytes', { data: Buffer.alloc(LIMITS.terminalInputBytes + 1).toString('base64') }],
    ['a made-up attachment', { attachmentId: 'att_x' }],
  ])('refuses %s', async (_, wrong) => {
    const id = await open()
    const args = { terminalId: id, attachmentId: ids.make('attachment'), offset: 0, data: 'YQ==', ...wrong }
    await expect((async () => stage.terminals.input(dana, args))()).rejects.toMatchObject({ code: 'BAD_INPUT' })
  })
})

describe('the agent', () => {
  it('cannot speak for a terminal of another instance', async () => {
    const id = await open()
    const foreign: AgentViewer = { ...stage.agent, id: ids.make('instance') }
    const calls: ((terminals: Terminals) => Promise<unknown>)[] = [
      (terminals) => terminals.frames(foreign, { terminalId: id, frames: [output(0, 'x')] }),
      (terminals) => terminals.opened(foreign, { id, pid: 1 }),
      (terminals) => terminals.closed(foreign, { id, finalOffset: 0, reason: 'EXITED' }),
    ]
    for (const call of calls) await expect(call(stage.terminals)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('is not heard on a link that a newer one replaced', async () => {
    const id = await open()
    const { terminals, agent: old } = stage
    const opened = terminals.open(dana, opening())
    const { terminalId: opens } = await stage.nextOrder('terminalOpen')
    await terminals.frames(old, { terminalId: id, frames: [output(0, 'x')] })
    await db.query('update instances set epoch = 2 where id = $1', [old.id])
    const fresh = { ...old, epoch: 2n }
    await terminals.frames(fresh, { terminalId: id, frames: [output(1, 'y')] })
    const calls: (() => Promise<unknown>)[] = [
      () => terminals.frames(old, { terminalId: id, frames: [output(1, 'z')] }),
      () => terminals.opened(old, { id: opens, failure: 'no shell' }),
      () => terminals.closed(old, { id, finalOffset: 0, reason: 'EXITED' }),
      () => terminals.held(old, []),
    ]
    for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'SUPERSEDED' })
    await terminals.opened(fresh, { id: opens, pid: 42 })
    expect(await opened).toMatchObject({ state: 'READY' })
    expect(await terminals.one(dana, id)).toMatchObject({ state: 'READY' })
  })

  it('lists what it holds on each link: what is missing has ended, and what nobody knows it shall end', async () => {
    const kept = await open()
    const gone = await open()
    const agent = { ...stage.agent, epoch: 2n }
    stage.link = { epoch: 2n, run: null }
    const openedMeanwhile = await open()
    const unknown = ids.make('terminal')
    expect(
      await stage.terminals.held(agent, [
        { id: kept, outputHead: 5 },
        { id: unknown, outputHead: 0 },
      ]),
    ).toEqual([unknown])
    expect(await stage.terminals.one(dana, kept)).toMatchObject({ state: 'READY' })
    expect(await stage.terminals.one(dana, gone)).toMatchObject({ state: 'CLOSED', reason: 'AGENT_RESTARTED' })
    expect(await stage.terminals.one(dana, openedMeanwhile)).toMatchObject({ state: 'READY' })
  })

  it('may report an end twice: the first report stands', async () => {
    const id = await open()
    await stage.terminals.closed(stage.agent, { id, finalOffset: 9, exitCode: 3, reason: 'EXITED' })
    await stage.terminals.closed(stage.agent, { id, finalOffset: 0, exitCode: 0, reason: 'ABANDONED' })
    expect(await stage.terminals.one(dana, id)).toMatchObject({ exitCode: 3, finalOffset: 9, reason: 'EXITED' })
    expect((await entries(id)).map(({ action }) => action)).toEqual(['terminal.open', 'terminal.close'])
  })

  it.each([
    ['no member', {}],
    ['two members', { ...output(0, 'x'), lost: { from: 0, to: 1 } }],
    ['a negative offset', { output: { offset: -1, data: '', replay: false } }],
    ['a loss that ends before it begins', { lost: { from: 5, to: 4 } }],
    ['a size of nothing', { resized: { offset: 0, cols: 0, rows: 0, replay: false } }],
    ['too many bytes', { output: { offset: 0, data: Buffer.alloc(49 * 1024).toString('base64'), replay: false } }],
  ])('gets a clear answer for a frame with %s', async (_, frame) => {
    const id = await open()
    await expect(stage.terminals.frames(stage.agent, { terminalId: id, frames: [frame] })).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringContaining('frames.0'),
    })
  })
})

describe('ending', () => {
  it('leaves to the close that came first how it closed, also where it came in between', async () => {
    const id = await open()
    const ada = await person('Ada', 'ADMIN')
    const late = stage.another({
      order: () => true,
      async linkOf() {
        await stage.terminals.closed(stage.agent, { id, finalOffset: 0, exitCode: 0, reason: 'EXITED' })
        return stage.link
      },
    })
    expect(await late.end(ada, id)).toMatchObject({ state: 'CLOSED', reason: 'EXITED', closedBy: null })
  })

  it('closes the row at once while the agent is away, and the agent learns of it when it is back', async () => {
    const id = await open()
    stage.link = null
    expect(await stage.terminals.end(dana, id)).toMatchObject({ state: 'CLOSED', reason: 'ENDED', closedBy: 'Dana' })
    expect(await stage.terminals.held({ ...stage.agent, epoch: 2n }, [{ id, outputHead: 0 }])).toEqual([id])
  })

  it('happens to what was opened in a session that is revoked, and to nothing else', async () => {
    const mine = await open()
    const jonas = await person('Jonas')
    const other = await open(jonas)
    const stop = await stage.terminals.start()
    await db.query('update sessions set revoked_at = now() where id = $1', [dana.sessionId])
    bus.publish(topics.accessEnded, 'all', { kind: 'session', id: dana.sessionId })
    await until('the terminal to be closed', async () => (await stage.terminals.one(dana, mine)).state === 'CLOSED')
    expect(await stage.terminals.one(dana, mine)).toMatchObject({ reason: 'REVOKED' })
    expect(await stage.nextOrder('terminalEnd')).toMatchObject({ terminalId: mine, reason: 'REVOKED' })
    expect(await stage.terminals.one(jonas, other)).toMatchObject({ state: 'READY' })
    await stop()
  })

  it('happens when a role no longer allows terminals, but not when another change leaves that right', async () => {
    const id = await open()
    const stop = await stage.terminals.start()
    bus.publish(topics.accessEnded, 'all', { kind: 'user', id: dana.id })
    await db.prisma.user.update({ where: { id: dana.id }, data: { role: 'VIEWER' } })
    bus.publish(topics.accessEnded, 'all', { kind: 'user', id: dana.id })
    await until('the terminal to be closed', async () => (await stage.terminals.one(dana, id)).state === 'CLOSED')
    await stop()
  })

  it.each([
    ['is revoked', 'key', 'update api_keys set revoked_at = now() where id = $1'],
    ['has reached its last day', 'key', "update api_keys set expires_at = now() - interval '1 s' where id = $1"],
    ['belongs to somebody whose role went down', 'user', "update users set role = 'VIEWER' where id = $1"],
    ['belongs to a closed account', 'user', 'update users set deactivated_at = now() where id = $1'],
  ])('happens to what was opened with a key that %s', async (_, subject, sql) => {
    const { id, ...origin } = dana
    const key: KeyViewer = { ...origin, kind: 'key', id: ids.make('key'), ownerId: id }
    const facts = { id: key.id, userId: id, name: 'nightly', role: 'DEVELOPER', prefix: 'sk_', hash: key.id } as const
    await db.prisma.apiKey.create({ data: facts })
    const terminalId = await stage.open(key)
    await db.query(sql, [subject === 'key' ? key.id : id])
    const stop = await stage.terminals.start()
    expect(await stage.nextOrder('terminalEnd')).toMatchObject({ terminalId, reason: 'REVOKED' })
    expect(await stage.terminals.one(key, terminalId)).toMatchObject({ state: 'CLOSED', reason: 'REVOKED' })
    await stop()
  })

  it('happens with the removal of the instance', async () => {
    const id = await open()
    await stage.terminals.closeInstance(stage.agent.id)
    expect(await stage.terminals.one(dana, id)).toMatchObject({ state: 'CLOSED', reason: 'INSTANCE_REMOVED' })
  })
})

describe('watching', () => {
  /** What is told, as it comes; some state may be told late, as the one that followed. */
  const watch = async (viewer: UserViewer, instanceId: string | null = null) => {
    const changes = (await stage.another({ bus: test.far }).changes(viewer, instanceId)) as AsyncIterableIterator<
      Terminal,
      undefined
    >
    const told: string[] = []
    const reading = (async () => {
      for await (const { id, state, reason } of changes) told.push([id, state, reason].join(' ').trimEnd())
    })()
    onTestFinished(async () => {
      await changes.return?.()
      await reading
    })
    return { told, tells: (what: string) => until(`"${what}" among ${told.join()}`, () => told.includes(what)) }
  }

  it("shows one's own terminals as they get ready and close, whichever replica they are on", async () => {
    const before = await open()
    const { told, tells } = await watch(dana, stage.agent.id)
    const id = await open()
    await tells(`${id} READY`)
    await stage.terminals.closed(stage.agent, { id, finalOffset: 0, reason: 'EXITED', exitCode: 3 })
    await tells(`${id} CLOSED EXITED`)
    expect(told.filter((line) => line.includes(before))).toEqual([])
  })

  it('shows one that never came to be', async () => {
    const { tells } = await watch(dana)
    const opened = stage.terminals.open(dana, opening()).catch(() => {})
    const { terminalId } = await stage.nextOrder('terminalOpen')
    await tells(`${terminalId} OPENING`)
    await stage.terminals.opened(stage.agent, { id: terminalId, failure: 'no shell' })
    await tells(`${terminalId} CLOSED FAILED`)
    await opened
  })

  it("shows others' to administrators alone, and none to who watches another instance", async () => {
    const own = await watch(dana)
    const elsewhere = await watch(await person('Ada', 'ADMIN'), ids.make('instance'))
    const all = await watch(await person('Ada', 'ADMIN'))
    const others = await open(await person('Jonas'))
    const mine = await open()
    await Promise.all([all.tells(`${others} READY`), all.tells(`${mine} READY`), own.tells(`${mine} READY`)])
    expect(own.told.filter((line) => line.includes(others))).toEqual([])
    expect(elsewhere.told).toEqual([])
  })

  it('comes again, once, with what no notice told of', async () => {
    const quiet = await open()
    const { told, tells } = await watch(dana, stage.agent.id)
    const other = await open()
    await tells(`${other} READY`)
    await db.prisma.terminal.update({
      where: { id: quiet },
      data: { state: 'CLOSED', reason: 'ABANDONED', closedAt: new Date(clock.now()) },
    })
    await clock.advance(30_000)
    await tells(`${quiet} CLOSED ABANDONED`)
    await clock.advance(30_000)
    const last = await open()
    await tells(`${last} READY`)
    expect(told).toHaveLength(new Set(told).size)
    expect(told.filter((line) => line.includes(quiet))).toHaveLength(1)
  })
})

describe('the list', () => {
  it("shows one's own terminals, newest first and page by page, and everybody's to administrators", async () => {
    const first = await open()
    const second = await open()
    const jonas = await person('Jonas')
    await open(jonas)
    const page = await stage.terminals.page(dana, { first: 1 })
    expect(page).toMatchObject({ totalCount: 2, hasNextPage: true, edges: [{ node: { id: second } }] })
    const rest = await stage.terminals.page(dana, { first: 1, after: page.edges[0]?.cursor })
    expect(rest).toMatchObject({ hasNextPage: false, edges: [{ node: { id: first } }] })
    const all = await stage.terminals.page(await person('Ada', 'ADMIN'), { instanceId: stage.agent.id })
    expect(all.totalCount).toBe(3)
    await stage.terminals.closed(stage.agent, { id: first, finalOffset: 0, reason: 'EXITED' })
    expect((await stage.terminals.page(dana, { open: true })).edges.map(({ node }) => node.id)).toEqual([second])
  })
})
