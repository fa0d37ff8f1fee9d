import type { Instance, InstanceChange, Instances, InstancesArgs, MetricSample, UserViewer } from '@sindri/schema'
import { STATUSES, statusOf } from '@sindri/schema/contract/status'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { thumbprintOf } from '../agents/agentKeys.ts'
import { sharesOf } from '../metrics/shares.ts'
import { createFakeClock } from '../platform/clock.fake.ts'
import { silentLog } from '../platform/log.ts'
import { topics } from '../platform/topics.ts'
import { openAgents, type TestAgents } from '../testing/agents.ts'
import { createInstances } from './instances.ts'

const viewer: UserViewer = {
  kind: 'user',
  id: 'usr_1',
  name: 'Ada',
  role: 'OPERATOR',
  mustChangePassword: false,
  sessionId: 'ses_1',
  ip: '192.0.2.7',
  userAgent: null,
  requestId: 'req_1',
}
const clock = createFakeClock(Date.now())
let t: TestAgents
let instances: Instances
const terminalsClosed: string[] = []
beforeAll(async () => {
  t = await openAgents()
  instances = createInstances({
    db: t.db,
    bus: t.bus,
    clock,
    log: silentLog,
    endLinks: t.agents.endLinks,
    closeTerminals: async (id) => void terminalsClosed.push(id),
  })
})
afterAll(() => t.close())
afterEach(async () => {
  await t.db.query('delete from instances')
  await t.db.query('delete from metric_latest')
})

const namesOf = async (args: InstancesArgs): Promise<string[]> =>
  (await instances.page(viewer, args)).edges.map(({ node }) => node.name)
/** Rows as they might have become, all at once. */
const fill = (rows: object[]) =>
  t.db.query(
    `insert into instances (id, name, public_key, thumbprint, provider, region, tags, hostname, linked_from, lifecycle, liveness, last_seen_at, created_at)
     select 'ins_' || lpad(row_number() over ()::text, 26, '0'), name, 'k', 't', provider, region, coalesce(tags, '{}'), hostname, linked_from,
       coalesce(lifecycle, 'ACTIVE')::lifecycle, coalesce(liveness, 'ONLINE')::liveness, last_seen_at, coalesce(created_at, now())
     from jsonb_to_recordset($1::jsonb) as r (name text, provider text, region text, tags jsonb, hostname text, linked_from text,
       lifecycle text, liveness text, last_seen_at timestamptz, created_at timestamptz)`,
    [JSON.stringify(rows)],
  )
/** Follows the pages to the end, as the list on screen does. */
const walk = async (args: InstancesArgs): Promise<string[]> => {
  const names: string[] = []
  let after: string | null | undefined
  do {
    const page = await instances.page(viewer, { ...args, after })
    names.push(...page.edges.map(({ node }) => node.name))
    after = page.hasNextPage ? page.edges.at(-1)?.cursor : null
  } while (after)
  return names
}

describe('the list', () => {
  it('shows every instance by name with all that its machine reported', async () => {
    const machine = t.machine('web-1')
    await machine.enrol({
      provider: 'fly',
      region: 'fra',
      tags: [
        { key: 'b', value: '2' },
        { key: 'a', value: '1' },
      ],
      geo: { latitude: 1, longitude: 2, label: null },
    })
    await machine.link()
    await t.machine('Alpha').enrol()
    const page = await instances.page(viewer, {})
    expect(page).toMatchObject({ totalCount: 2, hasNextPage: false })
    expect(page.edges.map(({ node }) => node.name)).toEqual(['Alpha', 'web-1'])
    expect(page.edges[1]?.node).toEqual({
      id: machine.enrolled?.id,
      name: 'web-1',
      status: 'RUNNING',
      lifecycle: 'ACTIVE',
      liveness: 'ONLINE',
      livenessAt: expect.any(Date),
      lastSeenAt: expect.any(Date),
      heartbeatMs: 10_000,
      metricsMs: 30_000,
      linkedAt: expect.any(Date),
      linkedFrom: '192.0.2.9',
      agentStartedAt: expect.any(Date),
      protocolVersion: '1.0',
      notices: [],
      createdAt: expect.any(Date),
      provider: 'fly',
      region: 'fra',
      tags: [
        { key: 'a', value: '1' },
        { key: 'b', value: '2' },
      ],
      hostname: 'web-1.example',
      os: null,
      arch: null,
      distro: null,
      agentVersion: '0.1.0',
      extensions: null,
      yamlHash: null,
      bom: null,
      sshEndpoint: null,
      geo: { latitude: 1, longitude: 2, label: null },
    })
    expect(page.edges[0]?.node).toMatchObject({ status: 'UNKNOWN', liveness: 'NEVER', lastSeenAt: null })
  })

  it('is found by words, each part of a name, host, address, provider, region or tag, in any case', async () => {
    await fill([
      {
        name: 'web-1',
        hostname: 'Node-A',
        provider: 'fly',
        region: 'fra',
        tags: { team: 'Blue' },
        linked_from: '192.0.2.50',
      },
      { name: 'web-2', hostname: 'node-b', provider: 'docker', region: 'ams', tags: { team: 'red', 'per%cent': '' } },
      { name: 'db-1' },
    ])
    expect(await namesOf({ search: 'WEB' })).toEqual(['web-1', 'web-2'])
    expect(await namesOf({ search: ' web  fra ' })).toEqual(['web-1'])
    expect(await namesOf({ search: 'node-b' })).toEqual(['web-2'])
    expect(await namesOf({ search: '192.0.2.5' })).toEqual(['web-1'])
    expect(await namesOf({ search: 'team=blue' })).toEqual(['web-1'])
    expect(await namesOf({ search: '%' })).toEqual(['web-2'])
    expect(await namesOf({ search: '_' })).toEqual([])
    expect(await namesOf({ search: '\\' })).toEqual([])
    expect(await namesOf({ search: '' })).toEqual(['db-1', 'web-1', 'web-2'])
    expect((await instances.page(viewer, { search: 'web', first: 1 })).totalCount).toBe(2)
  })

  it('is filtered by status, provider, region and tags', async () => {
    await fill([
      { name: 'a', provider: 'fly', region: 'fra', tags: { team: 'blue', env: 'prod' } },
      { name: 'b', provider: 'docker', liveness: 'STALE', tags: { team: 'blue' } },
      { name: 'c', provider: 'fly', liveness: 'OFFLINE', lifecycle: 'SUSPENDED', tags: { team: 'red', env: '' } },
    ])
    expect(await namesOf({ filter: { status: ['RUNNING', 'SUSPENDED'] } })).toEqual(['a', 'c'])
    expect(await namesOf({ filter: { status: ['OFFLINE'] } })).toEqual([])
    expect(await namesOf({ filter: { provider: ['fly'], region: ['fra', 'ams'] } })).toEqual(['a'])
    expect(await namesOf({ filter: { tags: [{ key: 'team', value: 'blue' }] } })).toEqual(['a', 'b'])
    expect(await namesOf({ filter: { tags: [{ key: 'env', value: '' }] } })).toEqual(['a', 'c'])
    expect(
      await namesOf({
        filter: {
          tags: [
            { key: 'env', value: 'prod' },
            { key: 'team', value: 'blue' },
          ],
        },
      }),
    ).toEqual(['a'])
    expect(await namesOf({ filter: { status: [] } })).toEqual([])
  })

  it('knows the status of every lifecycle and liveness as the contract does', async () => {
    const lifecycles = ['DEPLOYING', 'ACTIVE', 'SUSPENDED', 'STOPPED', 'ERROR', 'DESTROYING', 'DESTROYED'] as const
    const livenesses = ['ONLINE', 'STALE', 'OFFLINE', 'NEVER'] as const
    const all = lifecycles.flatMap((lifecycle) =>
      livenesses.map((liveness) => ({ name: `${lifecycle}-${liveness}`, lifecycle, liveness })),
    )
    await fill(all)
    for (const status of STATUSES) {
      const expected = all
        .filter(({ lifecycle, liveness }) => statusOf(lifecycle, liveness) === status)
        .map(({ name }) => name)
      expect((await namesOf({ filter: { status: [status] } })).sort()).toEqual(expected.sort())
    }
    const ranks = (await instances.page(viewer, { sort: { field: 'STATUS' } })).edges.map(({ node }) =>
      STATUSES.indexOf(node.status),
    )
    expect(ranks).toEqual(ranks.toSorted((a, b) => a - b))
  })

  describe('is sorted', () => {
    const detail = (cpu: number | null, used: number | null, disks: [number, number][] | null) => ({
      cpu: cpu === null ? null : { usagePercent: cpu },
      memory: used === null ? null : { used, total: 100 },
      disks: disks?.map(([diskUsed, total]) => ({ used: diskUsed, total, free: null })) ?? null,
    })
    const figures = async () => {
      await fill(
        ['a', 'b', 'c', 'd', 'e', 'f'].map((name, i) => ({
          name,
          last_seen_at: i % 2 ? new Date(1e12 + i * 1e6) : null,
          created_at: new Date(1e12 - i * 1e6),
        })),
      )
      const values = {
        a: detail(50, 10, [
          [1, 10],
          [9, 10],
        ]),
        b: detail(5, null, null),
        c: detail(null, 90, [[9, 10]]),
        d: detail(50, 50, []),
        e: null,
      }
      for (const [name, value] of Object.entries(values)) {
        if (value)
          await t.db.query(
            `insert into metric_latest (instance, at, detail, cpu, memory, disk, network) select num, now(), $2::json, $3, $4, $5, $6 from instances where name = $1`,
            [name, value, ...Object.values(sharesOf(value as unknown as MetricSample))],
          )
      }
    }

    it.each([
      ['NAME', 'abcdef', 'fedcba'],
      ['CREATED_AT', 'fedcba', 'abcdef'],
      ['LAST_SEEN_AT', 'bdface', 'fdbace'],
      ['CPU', 'badcef', 'adbcef'],
      ['MEMORY', 'adcbef', 'cdabef'],
      ['DISK', 'acbdef', 'cabdef'],
    ] as const)(
      'by %s, what is missing last and ties by name, page by page the same as at once',
      async (field, ascending, descending) => {
        await figures()
        for (const [order, reverse] of [
          [ascending, false],
          [descending, true],
        ] as const) {
          const sort = { field, descending: reverse }
          expect((await namesOf({ sort })).join('')).toBe(order)
          for (const first of [1, 2, 4]) expect((await walk({ sort, first })).join('')).toBe(order)
        }
      },
    )

    it('by name without regard to case, and two that differ in case only both appear', async () => {
      await fill([{ name: 'b' }, { name: 'A' }, { name: 'a' }, { name: 'B' }])
      expect(await walk({ first: 1 })).toEqual(['A', 'a', 'B', 'b'])
    })
  })

  it('keeps its place while instances come and go', async () => {
    await fill(Array.from({ length: 30 }, (_, i) => ({ name: `n${String(i).padStart(2, '0')}` })))
    const first = await instances.page(viewer, { first: 10 })
    await t.db.query(`update instances set deleted_at = now() where name in ('n05', 'n09', 'n12')`)
    const second = await instances.page(viewer, { first: 10, after: first.edges.at(-1)?.cursor })
    expect(second.edges.map(({ node }) => node.name)).toEqual([
      'n10',
      'n11',
      ...Array.from({ length: 8 }, (_, i) => `n${i + 13}`),
    ])
    expect(second.totalCount).toBe(27)
  })

  it('is counted beyond its end, too', async () => {
    await fill([{ name: 'a' }, { name: 'b' }])
    const [, last] = (await instances.page(viewer, {})).edges
    expect(await instances.page(viewer, { after: last?.cursor })).toEqual({
      edges: [],
      hasNextPage: false,
      totalCount: 2,
    })
  })

  it.each<[string, InstancesArgs]>([
    ['a page of none', { first: 0 }],
    ['too large a page', { first: 201 }],
    ['a made-up cursor', { after: 'x' }],
    ['a search of great length', { search: 'x'.repeat(201) }],
    ['a search with NUL', { search: 'a\0' }],
    ['too many words', { search: 'a '.repeat(11) }],
    ['too many of a filter', { filter: { provider: Array.from({ length: 101 }, String) } }],
    ['a filter of great length', { filter: { region: ['x'.repeat(129)] } }],
    ['a tag with NUL', { filter: { tags: [{ key: 'a\0', value: '' }] } }],
  ])('refuses %s', async (_, args) => {
    await expect(instances.page(viewer, args)).rejects.toMatchObject({ code: 'BAD_INPUT' })
  })

  it('refuses a cursor of another order', async () => {
    await fill([{ name: 'a' }, { name: 'b' }])
    const after = (await instances.page(viewer, { first: 1 })).edges[0]?.cursor
    await expect(instances.page(viewer, { after, sort: { field: 'CPU' } })).rejects.toMatchObject({ code: 'BAD_INPUT' })
    await expect(instances.page(viewer, { after, sort: { field: 'NAME', descending: true } })).rejects.toMatchObject({
      code: 'BAD_INPUT',
    })
  })
})

it('one instance is found by its id, and what is not there is not found', async () => {
  const { id } = await t.machine().enrol()
  expect((await instances.one(viewer, id)).id).toBe(id)
  for (const wrong of ['ins_01ARZ3NDEKTSV4RRFFQ69G5FAV', '', 'a\0', 'x'.repeat(10_000)]) {
    await expect(instances.one(viewer, wrong)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  }
})

describe('labels', () => {
  it('are replaced, accounted for, and stay when the agent enrols again', async () => {
    const machine = t.machine()
    const { id } = await machine.enrol({ tags: [{ key: 'from', value: 'agent' }] })
    const changed = await instances.setTags(viewer, id, [
      { key: 'z', value: ' 1 ' },
      { key: 'a', value: '' },
    ])
    expect(changed.tags).toEqual([
      { key: 'a', value: '' },
      { key: 'z', value: '1' },
    ])
    await machine.enrol({ tags: [{ key: 'from', value: 'agent' }] })
    expect((await instances.one(viewer, id)).tags).toEqual(changed.tags)
    const [entry] = await t.db.prisma.auditEntry.findMany({
      where: { targetId: id, action: 'instance.tag.setInstanceTags' },
    })
    expect(entry).toMatchObject({
      actorId: 'usr_1',
      before: { tags: { from: 'agent' } },
      after: { tags: { a: '', z: '1' } },
    })
  })

  it.each([
    [Array.from({ length: 65 }, (_, i) => ({ key: `k${i}`, value: '' }))],
    [[{ key: '', value: '' }]],
    [[{ key: 'a b', value: '' }]],
    [[{ key: 'k'.repeat(64), value: '' }]],
    [[{ key: 'k', value: 'v'.repeat(129) }]],
    [[{ key: 'k', value: 'a\0' }]],
    [
      [
        { key: 'k', value: '1' },
        { key: 'k', value: '2' },
      ],
    ],
  ])('of a wrong form are refused', async (tags) => {
    const { id } = await t.machine().enrol()
    await expect(instances.setTags(viewer, id, tags)).rejects.toMatchObject({ code: 'BAD_INPUT' })
    await expect(instances.setTags(viewer, 'ins_x', [])).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})

describe('an instance that is removed', () => {
  it('is gone at once: its link, terminals and token end, and its name is free', async () => {
    const machine = t.machine('gone')
    const socket = await machine.link()
    const { id } = socket.viewer
    expect(await instances.remove(viewer, id)).toBe(true)
    expect(await socket.closed).toBe('INSTANCE_REMOVED')
    expect(terminalsClosed).toContain(id)
    expect(await t.agents.linkOf(id)).toBeNull()
    await expect(instances.one(viewer, id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(instances.remove(viewer, id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(await namesOf({})).toEqual([])
    await expect(machine.link()).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect((await t.machine('gone').enrol()).id).not.toBe(id)
  })

  it('by two at the same moment is removed once', async () => {
    const { id } = await t.machine().enrol()
    const answers = await Promise.allSettled([1, 2, 3].map(() => instances.remove(viewer, id)))
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(
      await t.db.prisma.auditEntry.count({ where: { targetId: id, action: 'instance.remove.removeInstance' } }),
    ).toBe(1)
  })
})

describe('a take-over', () => {
  const ask = async (name: string) => {
    const holder = t.machine(name)
    await holder.enrol()
    const comer = t.machine(name)
    await comer.enrol({ hostname: 'comer.example' }).catch(() => {})
    const [request] = await instances.takeovers(viewer, holder.enrolled?.id ?? '')
    return { holder, comer, request: request as NonNullable<typeof request> }
  }

  it('is shown with who asks from where, and only while it is unanswered', async () => {
    const { holder, comer, request } = await ask('asked')
    expect(request).toMatchObject({
      instanceId: holder.enrolled?.id,
      instanceName: 'asked',
      hostname: 'comer.example',
      address: '192.0.2.9',
      keyFingerprint: thumbprintOf(comer.publicKey),
    })
    expect(await instances.takeovers(viewer, null)).toHaveLength(1)
    await instances.answerTakeover(viewer, request.id, false)
    expect(await instances.takeovers(viewer, null)).toEqual([])
    await expect(comer.enrol()).rejects.toMatchObject({ code: 'ENROLMENT_REFUSED' })
  })

  it('that is allowed gives the instance to the other key, and ends the link of the old one', async () => {
    const { holder, comer, request } = await ask('handed')
    const socket = await holder.link()
    expect(await instances.answerTakeover(viewer, request.id, true)).toBe(true)
    expect(await socket.closed).toBe('TOKEN_REJECTED')
    await expect(holder.link()).rejects.toMatchObject({ code: 'TOKEN_REJECTED' })
    await expect(t.agents.heartbeat(socket.viewer, { uptimeSeconds: 1, intervalMs: 10_000 })).rejects.toMatchObject({
      code: 'SUPERSEDED',
    })
    const { viewer: agent } = await comer.link()
    expect(agent.id).toBe(request.instanceId)
    await expect(holder.enrol()).rejects.toMatchObject({ code: 'INSTANCE_EXISTS' })
    const [entry] = await t.db.prisma.auditEntry.findMany({ where: { targetId: request.id } })
    expect(entry).toMatchObject({
      action: 'takeover.answer.answerTakeover',
      before: { keyFingerprint: thumbprintOf(holder.publicKey) },
      after: { allowed: true, keyFingerprint: thumbprintOf(comer.publicKey) },
    })
    const [back] = await instances.takeovers(viewer, request.instanceId)
    await instances.answerTakeover(viewer, back?.id ?? '', true)
    await expect(comer.enrol()).rejects.toMatchObject({ code: 'INSTANCE_EXISTS' })
    expect(await instances.takeovers(viewer, null)).toHaveLength(1)
  })

  it('is answered once, whoever answers at the same moment', async () => {
    const { request } = await ask('raced')
    const answers = await Promise.allSettled(
      [true, false, true].map((allow) => instances.answerTakeover(viewer, request.id, allow)),
    )
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const answer of answers)
      if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ code: 'CONFLICT' })
    for (const id of ['tko_01ARZ3NDEKTSV4RRFFQ69G5FAV', '', 'a\0']) {
      await expect(instances.answerTakeover(viewer, id, true)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    }
  })
})

describe('changes', () => {
  const next = async (changes: AsyncIterator<InstanceChange>): Promise<InstanceChange> =>
    (await changes.next()).value as InstanceChange
  const watch = async (ids: string[] | null = null) => (await instances.changes(viewer, ids))[Symbol.asyncIterator]()
  const seen = ({ id, instance }: InstanceChange): [string, Instance['status'] | null] => [id, instance?.status ?? null]

  it('show instances as they enrol, link, fall silent, change and go', async () => {
    const changes = await watch()
    const machine = t.machine('watched')
    const { id } = await machine.enrol()
    expect(seen(await next(changes))).toEqual([id, 'UNKNOWN'])
    const { viewer: agent } = await machine.link()
    expect(seen(await next(changes))).toEqual([id, 'RUNNING'])
    await t.agents.heartbeat(agent, { uptimeSeconds: 1, intervalMs: 10_000, notices: ['spool full'] })
    expect((await next(changes)).instance?.notices).toEqual(['spool full'])
    await t.db.query(`update replicas set heard_since = now() - interval '1 h', seen_at = now()`)
    await t.db.query(`update instances set last_seen_at = now() - interval '25 s' where id = $1`, [id])
    await t.round()
    expect(seen(await next(changes))).toEqual([id, 'STALE'])
    t.agents.links.heard(agent)
    await t.round()
    expect(seen(await next(changes))).toEqual([id, 'RUNNING'])
    await instances.setTags(viewer, id, [{ key: 'a', value: 'b' }])
    expect((await next(changes)).instance?.tags).toEqual([{ key: 'a', value: 'b' }])
    await instances.remove(viewer, id)
    expect(seen(await next(changes))).toEqual([id, null])
    await changes.return?.()
  })

  it('of chosen instances leave out the others', async () => {
    const [a, b] = [await t.machine().enrol(), await t.machine().enrol()]
    const changes = await watch([b.id])
    await instances.setTags(viewer, a.id, [])
    await instances.setTags(viewer, b.id, [])
    expect((await next(changes)).id).toBe(b.id)
    await expect(instances.changes(viewer, Array.from({ length: 201 }, String))).rejects.toMatchObject({
      code: 'BAD_INPUT',
    })
    await changes.return?.()
  })

  it('that the bus lost come again: at its gap, and every 30 s in any case', async () => {
    const machine = t.machine('lost')
    const { id } = await machine.enrol()
    const other = await t.machine().enrol()
    const changes = await watch()
    const silently = (name: string) =>
      t.db.query('update instances set provider = $2, revision = revision + 1, changed_at = now() where id = $1', [
        id,
        name,
      ])
    await silently('first')
    const missed = next(changes)
    await clock.advance(30_000)
    const heard = [await missed]
    while (heard.at(-1)?.instance?.provider !== 'first') heard.push(await next(changes))
    await t.db.query(
      'update instances set deleted_at = now(), revision = revision + 1, changed_at = now() where id = $1',
      [other.id],
    )
    const gone = next(changes)
    await clock.advance(30_000)
    expect(seen(await gone)).toEqual([other.id, null])
    await changes.return?.()
  })

  it('end when nobody looks any more, also while waiting', async () => {
    const changes = await watch()
    const readers = t.bus.stats().readers
    const waiting = changes.next()
    await changes.return?.()
    expect(await waiting).toEqual({ done: true, value: undefined })
    await vi.waitFor(() => expect(t.bus.stats().readers).toBe(readers - 1))
    t.bus.publish(topics.instanceChanged, 'all', { id: 'ins_1' })
  })
})
