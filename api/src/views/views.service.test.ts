import { LIMITS } from '@sindri/schema/contract/limits'
import type { KeyViewer, ViewInput, Views } from '@sindri/schema'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { countOf } from '../instances/facets.ts'
import { createFakeClock } from '../platform/clock.fake.ts'
import { createIds } from '../platform/ids.ts'
import { openAccess, type TestAccess } from '../testing/access.ts'
import { openTestDb, type TestDb } from '../testing/backend.ts'
import { createViews } from './views.ts'

let db: TestDb
let t: TestAccess
let views: Views
let ada: Awaited<ReturnType<TestAccess['join']>>['viewer']
let bob: typeof ada
beforeAll(async () => {
  db = await openTestDb()
  t = await openAccess(db)
  views = createViews({ db, ids: createIds(createFakeClock(Date.now())), count: (_, list) => countOf(db, list) })
  ada = (await t.join('VIEWER')).viewer
  bob = (await t.join('ADMIN')).viewer
})
afterAll(async () => {
  await t.close()
  await db.close()
})
beforeEach(() => db.query('delete from views'))

const namesOf = async (of = ada): Promise<string[]> => (await views.list(of)).map(({ name }) => name)
const save = (...names: string[]) =>
  names.reduce<Promise<string[]>>(
    async (before, name) => [...(await before), (await views.save(ada, { name })).id],
    Promise.resolve([]),
  )

describe('a view', () => {
  it('is kept with its search, filter and order, for its user alone', async () => {
    const filter = { status: ['STALE' as const], tags: [{ key: 'team', value: 'forge' }] }
    const saved = await views.save(ada, {
      name: ' Forge ',
      search: 'web',
      filter,
      sort: { field: 'CPU', descending: true },
    })
    expect(saved).toEqual({
      id: expect.stringMatching(/^viw_/),
      name: 'Forge',
      search: 'web',
      filter,
      sort: { field: 'CPU', descending: true },
    })
    expect(await views.list(ada)).toEqual([saved])
    expect(await views.list(bob)).toEqual([])
    await expect(views.remove(bob, saved.id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(views.save(bob, { id: saved.id, name: 'Mine' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(views.order(bob, [saved.id])).rejects.toMatchObject({ code: 'BAD_INPUT' })
  })

  it('is renamed, changed, put elsewhere and forgotten, each with what was before', async () => {
    const [a = '', b = '', c = ''] = await save('a', 'b', 'c')
    await views.save(ada, { id: b, name: 'B', search: 'x' })
    expect(await namesOf()).toEqual(['a', 'B', 'c'])
    expect((await views.order(ada, [c, a, b])).map(({ id }) => id)).toEqual([c, a, b])
    expect(await namesOf()).toEqual(['c', 'a', 'B'])
    expect(await views.remove(ada, a)).toBe(true)
    await views.save(ada, { name: 'd' })
    expect(await namesOf()).toEqual(['c', 'B', 'd'])
    const [renamed] = await db.prisma.auditEntry.findMany({ where: { targetId: b }, orderBy: { id: 'desc' } })
    expect(renamed).toMatchObject({ before: { name: 'b', search: '' }, after: { name: 'B', search: 'x' } })
  })

  it('of a name that is there already is refused, in any case', async () => {
    const [, b] = await save('Web', 'db')
    for (const input of [{ name: 'wEB' }, { id: b, name: 'web' }])
      await expect(views.save(ada, input)).rejects.toMatchObject({ code: 'CONFLICT' })
    await views.save(bob, { name: 'Web' })
    await views.save(ada, { id: b, name: 'DB' })
  })

  it('beyond the limit is refused, also when many come at once', async () => {
    const all = Array.from({ length: LIMITS.views + 3 }, (_, n) => views.save(ada, { name: `v${n}` }))
    const answers = await Promise.allSettled(all)
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(LIMITS.views)
    for (const answer of answers)
      if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ code: 'LIMIT_REACHED' })
  })

  it.each<[string, ViewInput]>([
    ['without a name', { name: ' ' }],
    ['with a long name', { name: 'x'.repeat(41) }],
    ['with a name that turns around', { name: 'a\u202Eb' }],
    ['with a list that could not be read', { name: 'a', filter: { region: ['x'.repeat(129)] } }],
    ['with a long search', { name: 'a', search: 'x'.repeat(201) }],
  ])('%s is refused', async (_, input) => {
    await expect(views.save(ada, input)).rejects.toMatchObject({ code: 'BAD_INPUT' })
  })

  it('is nothing that a program keeps', async () => {
    const { sessionId: _, mustChangePassword: __, ...user } = ada
    const key: KeyViewer = { ...user, kind: 'key', ownerId: ada.id }
    await save('a')
    expect(await views.list(key)).toEqual([])
    await expect(views.save(key, { name: 'b' })).rejects.toMatchObject({ code: 'FORBIDDEN' })
  })

  it('goes with its user', async () => {
    const { user, viewer } = await t.join('VIEWER')
    await views.save(viewer, { name: 'a' })
    await db.query('delete from users where id = $1', [user.id])
    expect(await views.list(viewer)).toEqual([])
  })
})
