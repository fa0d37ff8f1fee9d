// Agents over real sockets: they come in by signature alone, are heard, obey, and are told why when they must go.
import { CLOSE, PROTOCOL } from '@sindri/schema/contract/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestApp, type TestApp } from '../testing/app.ts'
import type { Json } from '../testing/client.ts'
import { openRawSocket } from '../testing/rawSocket.ts'

let app: TestApp
let admin: Awaited<ReturnType<TestApp['signedIn']>>
beforeAll(async () => {
  app = await createTestApp()
  admin = await app.signedIn('ADMIN')
})
afterAll(() => app.close())

/** The console has seen the end of the link. */
const released = async (id: string): Promise<void> => {
  const one = async () =>
    (await app.db.query<{ replica: string | null }>('select replica from instances where id = $1', [id]))[0]
  await expect.poll(one).toEqual({ replica: null })
}

const INSTANCE = 'query ($id: ID!) { instance(id: $id) { name status hostname } }'

describe('an agent', () => {
  it('enrols, links, and is seen RUNNING by whoever watches', async () => {
    const agent = await app.makeAgent({ provider: 'local' })
    expect((await admin.ask(INSTANCE, { id: agent.id })).instance).toMatchObject({
      name: agent.name,
      status: 'UNKNOWN',
    })
    const link = await agent.link()
    expect(link.ack).toMatchObject({
      protocolVersion: `${PROTOCOL.major}.${PROTOCOL.minor}`,
      consoleVersion: '0.1.0',
      epoch: 1,
      heartbeatMs: 10_000,
      token: expect.any(String),
    })
    expect((await admin.ask(INSTANCE, { id: agent.id })).instance).toMatchObject({
      status: 'RUNNING',
      hostname: agent.name,
    })
    expect(await link.ask('mutation { heartbeat(input: { uptimeSeconds: 1, intervalMs: 10000 }) }')).toMatchObject({
      heartbeat: expect.any(String),
    })
    expect(await (await app.client().fetch('/metrics')).text()).toContain('sindri_sockets{kind="agent"} 1')
    await link.close()
  })

  it('renews its token by a signature over the nonce of this very link', async () => {
    const agent = await app.makeAgent()
    const link = await agent.link()
    const RENEW = 'mutation ($signature: String!) { renewAgentToken(signature: $signature) { token renewNonce } }'
    await expect(link.ask(RENEW, { signature: link.sign('another nonce') })).rejects.toThrow('TOKEN_REJECTED')
    const { renewAgentToken } = await link.ask(RENEW, { signature: link.sign(link.ack.renewNonce) })
    expect(renewAgentToken.renewNonce).not.toBe(link.ack.renewNonce)
    await link.close()
  })

  it('gets orders while it is linked, and takes its terminals along', async () => {
    const agent = await app.makeAgent()
    const link = await agent.link()
    const orders = link.watch(
      'subscription { orders { __typename ... on TerminalOpenOrder { terminalId cols rows } } }',
    )
    const opening = admin.ask(
      'mutation ($input: OpenTerminalInput!) { openTerminal(input: $input) { id state pid } }',
      {
        input: { instanceId: agent.id, cols: 80, rows: 24 },
      },
    )
    const { value } = (await orders.next()) as { value: Json }
    expect(value.orders).toMatchObject({ __typename: 'TerminalOpenOrder', cols: 80, rows: 24 })
    await link.ask('mutation ($id: ID!) { reportTerminalOpened(id: $id, pid: 42, shell: "/bin/sh") }', {
      id: value.orders.terminalId,
    })
    expect(await opening).toEqual({ openTerminal: { id: value.orders.terminalId, state: 'READY', pid: 42 } })
    await link.close()
    await released(agent.id)
    await expect(
      admin.ask('mutation ($input: OpenTerminalInput!) { openTerminal(input: $input) { id } }', {
        input: { instanceId: agent.id, cols: 80, rows: 24 },
      }),
    ).rejects.toThrow('AGENT_OFFLINE')
  })

  it('is told SUPERSEDED when a newer link of its own takes over', async () => {
    const agent = await app.makeAgent()
    const older = await agent.link()
    const newer = await agent.link()
    expect(await older.closed).toMatchObject({ code: CLOSE.SUPERSEDED.code })
    expect(newer.ack.epoch).toBe(older.ack.epoch + 1)
    await newer.close()
  })

  it('is not heard any more by an older link, which does not read that it must go', async () => {
    const agent = await app.makeAgent()
    const older = await openRawSocket(app.url)
    expect(await older.init(agent.init(older.nonce))).toMatchObject({ type: 'connection_ack' })
    older.ws.pause()
    const newer = await agent.link()
    const seen = admin.watch(
      'subscription ($ids: [ID!]!) { metricSampled(instanceIds: $ids) { sample { uptimeSeconds } } }',
      {
        ids: [agent.id],
      },
    )
    const first = seen.next()
    const LIVE = 'mutation ($sample: LiveSampleInput!) { publishLiveSample(sample: $sample) }'
    const live = (uptimeSeconds: number) => ({ sample: { at: new Date().toISOString(), uptimeSeconds } })
    let watching = false
    void first.then(() => (watching = true))
    // Until whoever watches has begun to.
    await expect.poll(async () => (await newer.ask(LIVE, live(1))) && watching).toBe(true)
    older.send({ id: '1', type: 'subscribe', payload: { query: LIVE, variables: live(666) } })
    older.send({
      id: '2',
      type: 'subscribe',
      payload: { query: 'mutation { heartbeat(input: { uptimeSeconds: 1, intervalMs: 600000 }) }' },
    })
    expect(await first).toMatchObject({ value: { metricSampled: { sample: { uptimeSeconds: 1 } } } })
    // Whether it still reads why it must go depends on how long it did not read; the test before this one waits for it.
    older.ws.terminate()
    await newer.ask(LIVE, live(2))
    for (let at = 1; at !== 2;) {
      const { value } = (await seen.next()) as { value: Json }
      at = value.metricSampled.sample.uptimeSeconds
      expect([1, 2]).toContain(at)
    }
    expect(
      (await admin.ask('query ($id: ID!) { instance(id: $id) { heartbeatMs } }', { id: agent.id })).instance,
    ).toEqual({
      heartbeatMs: 10_000,
    })
    await seen.return?.()
    await newer.close()
  })

  it('is told INSTANCE_REMOVED within two seconds when somebody removes it, and does not come back', async () => {
    const agent = await app.makeAgent()
    const link = await agent.link()
    const startedMs = performance.now()
    await admin.ask('mutation ($id: ID!) { removeInstance(id: $id) }', { id: agent.id })
    expect(await link.closed).toMatchObject({ code: CLOSE.INSTANCE_REMOVED.code })
    expect(performance.now() - startedMs).toBeLessThan(2_000)
    await expect(agent.link()).rejects.toThrow(`closed with ${CLOSE.INSTANCE_REMOVED.code}`)
  })

  it('is told RESTARTING when the console goes, and its link is no longer held', async () => {
    const own = await createTestApp()
    try {
      const agent = await own.makeAgent()
      const link = await agent.link()
      await own.stop()
      expect(await link.closed).toMatchObject({ code: CLOSE.RESTARTING.code })
      const [row] = await own.db.query<{ replica: string | null }>('select replica from instances where id = $1', [
        agent.id,
      ])
      expect(row?.replica).toBeNull()
      expect(own.log.filter(({ level }) => level === 'error')).toEqual([])
    } finally {
      await own.close()
    }
  })
})

describe('what claims to be an agent stays out', () => {
  it.each<[name: string, init: Json, code: number]>([
    ['with nothing to show', { kind: 'agent' }, 4400],
    ['of another major version', { protocolVersion: '2.0' }, CLOSE.VERSION.code],
    ['without a version', { protocolVersion: null }, 4400],
    ['with the signature of nobody', { signature: 'A'.repeat(86) }, CLOSE.TOKEN_REJECTED.code],
    ['with a signature that is none', { signature: '!' }, CLOSE.TOKEN_REJECTED.code],
    ['with the token of nobody', { token: 'eyJhbGciOiJub25lIn0.e30.' }, CLOSE.TOKEN_REJECTED.code],
    ['with a token as a number', { token: 7 }, 4400],
    ['for another instance', { instance: 'ins_01JCXW3K6VQZ5R8N2M4T7B9D0F' }, CLOSE.TOKEN_REJECTED.code],
    ['for an instance that is a list', { instance: [] }, 4400],
    ['with a run that is no ULID', { run: 'now' }, 4400],
    ['with a heartbeat that is text', { heartbeatMs: '10 s' }, 4400],
    ['with a hostname of a megabyte', { hostname: 'h'.repeat(900_000) }, 4400],
    ['with notices that are text', { notices: 'all is well' }, 4400],
  ])('%s', async (_, init, code) => {
    const agent = await app.makeAgent()
    const opening = init.kind
      ? openRawSocket(app.url).then(
          (socket) => (socket.send({ type: 'connection_init', payload: init }), socket.closed),
        )
      : agent.link(init).then(
          () => ({ code: 0 }),
          (error: Error) => ({ code: Number(/closed with (\d+)/.exec(error.message)?.[1]) }),
        )
    expect(await opening).toMatchObject({ code })
  })

  it('with the words of another socket', async () => {
    const agent = await app.makeAgent()
    const link = await agent.link()
    const [first, second] = [await openRawSocket(app.url), await openRawSocket(app.url)]
    const payload = {
      kind: 'agent',
      protocolVersion: `${PROTOCOL.major}.${PROTOCOL.minor}`,
      instance: agent.id,
      token: agent.token,
      run: agent.run,
      signature: link.sign('a nonce of another socket'),
      agentVersion: '0',
      hostname: 'h',
      heartbeatMs: 10_000,
      metricsMs: 30_000,
      notices: [],
    }
    first.send({ type: 'connection_init', payload })
    expect(await first.closed).toMatchObject({ code: CLOSE.TOKEN_REJECTED.code })
    second.ws.terminate()
    await link.close()
  })
})

describe('records', () => {
  const at = (): string => new Date().toISOString()
  const PUBLISH = `mutation ($records: [MetricSampleInput]!) { publishSamples(records: $records) { outcomes refusals { index code field } } }`

  it('are answered one by one: good ones stored, repeats known, bad ones refused with their place', async () => {
    const agent = await app.makeAgent()
    const link = await agent.link()
    const sample = (seq: number, more: Json = {}): Json => ({
      run: agent.run,
      seq,
      at: at(),
      cpu: { usagePercent: 5 },
      ...more,
    })
    const good = sample(1)
    const { publishSamples } = await link.ask(PUBLISH, {
      records: [good, sample(2, { cpu: { usagePercent: -1 } }), null, sample(3, { at: 'yesterday' })],
    })
    expect(publishSamples).toEqual({
      outcomes: ['STORED', 'REFUSED', 'REFUSED', 'REFUSED'],
      refusals: [
        { index: 1, code: 'BAD_INPUT', field: 'cpu.usagePercent' },
        { index: 2, code: 'BAD_INPUT', field: expect.any(String) },
        { index: 3, code: 'BAD_INPUT', field: 'at' },
      ],
    })
    expect((await link.ask(PUBLISH, { records: [good] })).publishSamples.outcomes).toEqual(['REPEATED'])
    await link.close()
  })

  it('are stored whatever stands between them, in every stream', async () => {
    const agent = await app.makeAgent()
    const link = await agent.link()
    const { run } = agent
    // Of the types that GraphQL wants, and wrong all the same: 30 and more of each are told apart in the tests of the checks.
    const wrong: Json[] = [
      { run: '' },
      { run: 'x'.repeat(500) },
      { seq: 0 },
      { seq: 'x' },
      { seq: 1e300 },
      { seq: [1] },
      { at: {} },
      { at: 'now' },
      { at: '1970-01-01T00:00:00Z' },
      { at: '9999-12-31T23:59:59Z' },
      { at: [[[[]]]] },
    ]
    const ofStream: Record<string, { mutation: string; good: (seq: number) => Json; bad: Json[]; table: string }> = {
      samples: {
        mutation: PUBLISH,
        good: (seq) => ({ run, seq, at: at() }),
        bad: [
          ...wrong,
          { cpu: { usagePercent: 'x' } },
          { cpu: { perCore: ['x'] } },
          { memory: { total: -1 } },
          { cpu: { loadAvg1: [] } },
          { cpu: { coreCount: 0.5 } },
          { cpu: { usagePercent: 101 } },
          { cpu: { stealPercent: -1 } },
          { memory: { swapUsed: {} } },
          { disks: [{ mountPoint: '/', used: 'x' }] },
          { memory: { total: 0.5 } },
          { disks: [{ mountPoint: '\0' }] },
          { disks: Array.from({ length: 257 }, () => ({ mountPoint: '/' })) },
          { network: [{ name: 'x'.repeat(129) }] },
          { network: [{ name: 'a', rxBytes: 2 ** 53 }] },
          { topProcesses: Array.from({ length: 21 }, () => ({ pid: 1, name: 'a' })) },
          { topProcesses: [{ pid: 'x', name: 'a' }] },
          { processCount: {} },
          { uptimeSeconds: -1 },
          { uptimeSeconds: true },
          { cgroup: { cpuLimitCores: 'max' } },
        ],
        table: 'metric_sample where instance',
      },
      gaps: {
        mutation: 'mutation ($records: [MetricGapInput]!) { publishGaps(records: $records) { outcomes } }',
        good: (seq) => ({ run, seq, from: at(), to: at(), dropped: 1 }),
        bad: [
          ...wrong.filter((change) => !('at' in change)),
          ...wrong.flatMap((change) => ('at' in change ? [{ from: change.at }, { to: change.at }] : [])),
          ...[-1, 0.5, 'x', '7', '', {}, [], [1], true, false, 1e300, -1e300, 2 ** 31, 0.1].map((dropped) => ({
            dropped,
          })),
          { from: '2026-11-20T18:00:01Z', to: '2026-11-20T18:00:00Z' },
        ],
        table: 'metric_gap where instance',
      },
      events: {
        mutation: 'mutation ($records: [EventInput]!) { publishEvents(records: $records) { outcomes } }',
        good: (seq) => ({ run, seq, type: 'BACKUP', message: 'kept', at: at() }),
        bad: [
          ...wrong,
          ...['NONE', 'backup', '', {}, [], 7, ['BACKUP'], '__proto__', 'toString'].map((type) => ({ type })),
          ...['\0', 'x'.repeat(4_097), 'a\0b'].map((message) => ({ message })),
          ...[[], 7, 'x', true, { a: '\0' }, { a: 'x'.repeat(17_000) }, { '\0': 1 }, '', false].map((metadata) => ({
            metadata,
          })),
        ],
        table: 'events where instance_num',
      },
    }
    const [row] = await app.db.query<{ num: number }>('select num from instances where id = $1', [agent.id])
    for (const [stream, { mutation, good, bad, table }] of Object.entries(ofStream)) {
      const records = bad.flatMap((change, i) => [good(2 * i + 1), { ...good(2 * i + 2), ...change }])
      const [answer] = Object.values(await link.ask<Record<string, { outcomes: string[] }>>(mutation, { records }))
      expect(answer?.outcomes, stream).toEqual(bad.flatMap(() => ['STORED', 'REFUSED']))
      expect(bad.length, stream).toBeGreaterThanOrEqual(30)
      const [{ n } = { n: 0 }] = await app.db.query<{ n: number }>(
        `select count(*) as n from ${table} = $1 and run is not null`,
        [row?.num],
      )
      expect(n, stream).toBe(bad.length)
    }
    await link.close()
  })

  it('are counted for operators, by stream and outcome, as are open terminals', async () => {
    const figure = async (name: string): Promise<number> => {
      const text = await (await app.client().fetch('/metrics')).text()
      return Number(
        text
          .split('\n')
          .find((line) => line.startsWith(`${name} `))
          ?.split(' ')[1],
      )
    }
    const outcomes = ['STORED', 'REPEATED', 'REFUSED'] as const
    const read = (stream: string) =>
      Promise.all(outcomes.map((outcome) => figure(`sindri_records_total{stream="${stream}",outcome="${outcome}"}`)))
    const agent = await app.makeAgent()
    const link = await agent.link()
    const event = { run: agent.run, seq: 1, type: 'BACKUP', message: 'kept', at: at() }
    const gap = { run: agent.run, seq: 1, from: at(), to: at(), dropped: 3 }
    const one = { run: agent.run, seq: 1, at: at() }
    await link.ask(PUBLISH, { records: [one, one, null] })
    await link.ask('mutation ($r: [EventInput]!) { publishEvents(records: $r) { outcomes } }', {
      r: [event, event, { ...event, type: 'NONE' }],
    })
    await link.ask('mutation ($r: [MetricGapInput]!) { publishGaps(records: $r) { outcomes } }', {
      r: [gap, gap, { ...gap, dropped: -1 }],
    })
    const before = await Promise.all(['samples', 'events', 'gaps'].map(read))
    expect(before.flat().every((count) => count >= 1)).toBe(true)
    await link.ask(PUBLISH, { records: [one, null, null] })
    const [samples = []] = before
    expect(await read('samples')).toEqual([samples[0], (samples[1] ?? 0) + 1, (samples[2] ?? 0) + 2])
    expect(await figure('sindri_records_waiting')).toBe(0)
    expect(await figure('sindri_records_unread_bytes')).toBe(0)
    const open = await app.db.prisma.terminal.count({ where: { state: { not: 'CLOSED' } } })
    expect(await figure('sindri_terminals_open')).toBe(open)
    await link.close()
  })
})

it('a page that does not read costs bounded memory: it is told SLOW_CONSUMER, and comes back from its offset', async () => {
  const agent = await app.makeAgent()
  const link = await agent.link()
  const orders = link.watch('subscription { orders { __typename ... on TerminalOpenOrder { terminalId } } }')
  const OPEN = 'mutation ($input: OpenTerminalInput!) { openTerminal(input: $input) { id } }'
  const opening = admin.ask(OPEN, { input: { instanceId: agent.id, cols: 80, rows: 24 } })
  const { terminalId } = ((await orders.next()) as { value: Json }).value.orders
  await link.ask('mutation ($id: ID!) { reportTerminalOpened(id: $id, pid: 42, shell: "/bin/sh") }', { id: terminalId })
  await opening

  const page = await openRawSocket(app.url, { headers: { cookie: admin.headers.cookie ?? '', origin: app.url } })
  await page.init()
  const query = `subscription ($t: ID!, $a: ID!) { terminalOutput(terminalId: $t, attachmentId: $a, cols: 80, rows: 24) { __typename } }`
  const attachmentId = `att_${'0'.repeat(26)}`
  page.send({
    id: '1',
    type: 'subscribe',
    payload: {
      query: query.replace('__typename', '... on TerminalOutput { data }'),
      variables: { t: terminalId, a: attachmentId },
    },
  })
  await orders.next()
  const data = Buffer.alloc(32_768).toString('base64')
  const frame = (offset: number) =>
    link.ask('mutation ($t: ID!, $f: [TerminalFrameInput!]!) { publishTerminalFrames(terminalId: $t, frames: $f) }', {
      t: terminalId,
      f: [{ output: { offset, data, replay: false } }],
    })
  await link.ask(
    'mutation ($t: ID!, $a: ID!) { publishTerminalFrames(terminalId: $t, attachmentId: $a, frames: [{ joined: { offset: 0, cols: 80, rows: 24 } }]) }',
    { t: terminalId, a: attachmentId },
  )
  await page.next()
  page.ws.pause()
  for (let sent = 0; sent < 1_500; sent += 50)
    await Promise.all(Array.from({ length: 50 }, (_, i) => frame((sent + i) * 32_768)))
  page.ws.resume()
  let bytes = 0
  let message = await page.next()
  for (; message.type === 'next'; message = await page.next()) bytes += data.length
  expect(message).toMatchObject({
    id: '1',
    type: 'error',
    payload: [{ extensions: { code: 'SLOW_CONSUMER', retry: true } }],
  })
  // What the kernel holds at both ends, a little in this process, and the queue of the subscription: of 65 MB.
  expect(bytes).toBeLessThan(30_000_000)
  page.ws.close()
  await link.close()
})

it('all of this left no defect in the log', () => {
  expect(app.log.filter(({ level }) => level === 'error')).toEqual([])
})
