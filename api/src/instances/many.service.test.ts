// What lists can be filtered by, and what is done to many instances at once.
import type { Instances, InstanceSelection, UserViewer } from '@sindri/schema'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { silentLog } from '../platform/log.ts'
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
let t: TestAgents
let instances: Instances
const terminalsClosed: string[] = []
beforeAll(async () => {
  t = await openAgents()
  instances = createInstances({
    db: t.db,
    bus: t.bus,
    clock: t.clock,
    log: silentLog,
    endLinks: t.agents.endLinks,
    closeTerminals: async (id) => void terminalsClosed.push(id),
  })
})
afterAll(() => t.close())
afterEach(() => t.db.query('delete from instances'))

const enrol = async (name: string, tags: Record<string, string> = {}, more = {}): Promise<string> =>
  (await t.machine(name).enrol({ tags: Object.entries(tags).map(([key, value]) => ({ key, value })), ...more })).id
const tagsOf = async (id: string) =>
  Object.fromEntries((await instances.one(viewer, id)).tags.map(({ key, value }) => [key, value]))
const team = (value: string) => [{ key: 'team', value }]
const entriesOf = (action: string) =>
  t.db.prisma.auditEntry.findMany({ where: { action }, orderBy: { id: 'desc' }, take: 10 })

it('facets count each value of the fleet, the most frequent first, and nothing that was removed', async () => {
  await enrol('a', { team: 'forge', gpu: '' }, { provider: 'fly', region: 'fra' })
  await enrol('b', { team: 'forge' }, { provider: 'fly', region: 'ams' })
  await enrol('c', { team: 'anvil' }, { provider: 'docker' })
  await instances.remove(viewer, await enrol('gone', { team: 'anvil' }, { provider: 'k8s' }))
  expect(await instances.facets(viewer)).toEqual({
    count: 3,
    statuses: [{ value: 'UNKNOWN', count: 3 }],
    providers: [
      { value: 'fly', count: 2 },
      { value: 'docker', count: 1 },
    ],
    regions: [
      { value: 'ams', count: 1 },
      { value: 'fra', count: 1 },
    ],
    tags: [
      { key: 'team', value: 'forge', count: 2 },
      { key: 'gpu', value: '', count: 1 },
      { key: 'team', value: 'anvil', count: 1 },
    ],
  })
  expect(await instances.count(viewer, { filter: { provider: ['fly'] }, search: 'fra' })).toBe(1)
})

it('facets of an empty fleet are empty', async () => {
  expect(await instances.facets(viewer)).toEqual({ count: 0, statuses: [], providers: [], regions: [], tags: [] })
})

describe('tags of many', () => {
  it('are set and removed on those that are chosen, and the others of theirs stay', async () => {
    const a = await enrol('a', { team: 'anvil', env: 'dev' })
    const b = await enrol('b', { gpu: '' })
    const c = await enrol('c', { team: 'forge' })
    const other = await enrol('other', { env: 'dev' })
    const changes = await instances.editTags(viewer, { ids: [c, b, a, a] }, { set: team('forge'), remove: ['env'] })
    expect(changes.toSorted((x, y) => (x.name < y.name ? -1 : 1))).toEqual([
      {
        id: a,
        name: 'a',
        before: [
          { key: 'env', value: 'dev' },
          { key: 'team', value: 'anvil' },
        ],
        after: team('forge'),
      },
      { id: b, name: 'b', before: [{ key: 'gpu', value: '' }], after: [{ key: 'gpu', value: '' }, ...team('forge')] },
    ])
    expect(await tagsOf(a)).toEqual({ team: 'forge' })
    expect(await tagsOf(b)).toEqual({ gpu: '', team: 'forge' })
    expect(await tagsOf(other)).toEqual({ env: 'dev' })
    expect(await entriesOf('instance.tag.editInstanceTags')).toMatchObject([
      {
        targetKind: 'instance',
        targetId: [a, b].toSorted()[1],
        requestId: 'req_1',
        after: { tags: { team: 'forge' } },
      },
      {
        targetKind: 'instance',
        targetId: [a, b].toSorted()[0],
        requestId: 'req_1',
        after: { tags: { team: 'forge' } },
      },
    ])
  })

  it('that nobody has to change leave one entry', async () => {
    const id = await enrol('same', { team: 'x' })
    expect(await instances.editTags(viewer, { ids: [id] }, { set: team('x'), remove: ['constructor'] })).toEqual([])
    expect((await entriesOf('instance.tag.editInstanceTags'))[0]).toMatchObject({
      targetId: null,
      after: { changed: 0, set: { team: 'x' } },
    })
  })

  it('are set on all that match, when that many match', async () => {
    await enrol('web-1', {}, { provider: 'fly' })
    await enrol('web-2', {}, { provider: 'fly' })
    await enrol('db-1', {}, { provider: 'fly' })
    const matching = { filter: { provider: ['fly'] }, search: 'web' }
    await expect(instances.editTags(viewer, { ...matching, count: 3 }, { set: team('forge') })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('Expected 3'),
    })
    expect(await instances.editTags(viewer, { ...matching, count: 2 }, { set: team('forge') })).toHaveLength(2)
    expect(await instances.editTags(viewer, { count: 3 }, { set: team('anvil') })).toHaveLength(3)
  })

  it('are changed on all or on none', async () => {
    const many = Object.fromEntries(Array.from({ length: 64 }, (_, n) => [`k${n}`, '']))
    const [full, free] = [await enrol('full', many), await enrol('free')]
    await expect(instances.editTags(viewer, { ids: [full, free] }, { set: team('x') })).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringContaining('full'),
    })
    const gone = 'ins_01ARZ3NDEKTSV4RRFFQ69G5FAV'
    await expect(instances.editTags(viewer, { ids: [free, gone] }, { set: team('x') })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'Of 2 instances 1 are there. Nothing was changed.',
    })
    expect(await tagsOf(free)).toEqual({})
    await instances.editTags(viewer, { ids: [full, free] }, { set: team('x'), remove: ['k0'] })
    expect(Object.keys(await tagsOf(full))).toHaveLength(64)
  })

  it('are changed by two at once without a wait in a circle', async () => {
    const ids = [await enrol('a'), await enrol('b'), await enrol('c')]
    await Promise.all(
      ['x', 'y', 'z'].map((key, n) =>
        instances.editTags(viewer, { ids: n % 2 ? ids : ids.toReversed() }, { set: [{ key, value: '' }] }),
      ),
    )
    for (const id of ids) expect(await tagsOf(id)).toEqual({ x: '', y: '', z: '' })
  })

  it.each<[string, InstanceSelection, Parameters<Instances['editTags']>[2]]>([
    ['nobody', { ids: [] }, { set: team('x') }],
    ['nobody in particular', {}, { set: team('x') }],
    ['a filter without its count', { filter: { provider: ['fly'] } }, { set: team('x') }],
    ['none of a filter', { filter: { provider: ['fly'] }, count: 0 }, { set: team('x') }],
    ['ids and a search', { ids: ['a'], search: 'a' }, { set: team('x') }],
    ['ids and a count', { ids: ['a'], count: 1 }, { set: team('x') }],
    ['too many', { ids: Array.from({ length: 1001 }, (_none, n) => String(n)) }, { set: team('x') }],
    ['too many that match', { count: 1001 }, { set: team('x') }],
    ['a change of nothing', { ids: ['a'] }, {}],
    ['a tag that is set and removed', { ids: ['a'] }, { set: team('x'), remove: ['team'] }],
    ['a key of a wrong form', { ids: ['a'] }, { set: [{ key: 'a b', value: '' }] }],
  ])('refuse %s', async (_, selection, edit) => {
    await expect((async () => instances.editTags(viewer, selection, edit))()).rejects.toMatchObject({
      code: 'BAD_INPUT',
    })
  })
})

describe('many that are removed', () => {
  it('are gone at once with their links and terminals, each with its entry', async () => {
    const [a, b] = [t.machine('many-a'), t.machine('many-b')]
    const sockets = [await a.link(), await b.link()]
    const ids = sockets.map(({ viewer: { id } }) => id)
    const stays = await enrol('many-c')
    expect(await instances.selected(viewer, { ids: [...ids, stays] })).toEqual({ count: 3, linked: 2, terminals: 0 })
    expect((await instances.removeMany(viewer, { ids })).map(({ name }) => name).toSorted()).toEqual([
      'many-a',
      'many-b',
    ])
    for (const socket of sockets) expect(await socket.closed).toBe('INSTANCE_REMOVED')
    expect(terminalsClosed).toEqual(expect.arrayContaining(ids))
    expect((await instances.page(viewer, {})).edges.map(({ node }) => node.id)).toEqual([stays])
    const entries = await entriesOf('instance.remove.removeInstances')
    expect(entries.map(({ targetId }) => String(targetId)).toSorted()).toEqual(ids.toSorted())
    for (const entry of entries)
      expect(entry).toMatchObject({ before: { name: expect.stringContaining('many-') }, after: null })
  })

  it('are removed by a filter only as many as were meant', async () => {
    await enrol('tmp-1')
    await enrol('tmp-2')
    for (const act of ['selected', 'removeMany'] as const)
      await expect(instances[act](viewer, { search: 'tmp', count: 1 })).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(await instances.removeMany(viewer, { search: 'tmp', count: 2 })).toHaveLength(2)
  })
})
