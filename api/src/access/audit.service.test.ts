import type { AuditFilter } from '@sindri/schema'
import { Fault } from '@sindri/schema/contract/codes'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anonymous, openAccess, type TestAccess } from '../testing/access.ts'

let t: TestAccess
beforeAll(async () => {
  t = await openAccess()
  await t.db.query('delete from audit_entries')
  await t.db.query(
    `insert into audit_entries (at, actor_kind, actor_id, action, target_kind, target_id, outcome, code, before, after)
     select timestamptz '2026-01-01T00:00:00Z' + (i / 3) * interval '1 s', 'USER', 'usr_' || i % 2, case i % 3 when 0 then 'terminal.open' when 1 then 'terminalx.open'
       else 'user.manage.createUser' end, 'thing', 'id_' || i % 5, case i % 4 when 0 then 'DENIED' else 'ALLOWED' end::audit_outcome, null, '{"a":1}', '[1]'
     from generate_series(1, 30) i`,
  )
})
afterAll(() => t.close())

const walk = async (filter: AuditFilter = {}, first = 7) => {
  const seen = []
  let after: string | undefined
  do {
    const page = await t.access.audit.page(anonymous, { filter, first, after })
    expect(page.totalCount).toBeNull()
    seen.push(...page.edges.map(({ node }) => node))
    after = page.hasNextPage ? page.edges.at(-1)?.cursor : undefined
  } while (after)
  return seen
}

describe('the audit log', () => {
  it('comes newest first, page by page, each entry once, also those of one moment', async () => {
    const all = await walk()
    expect(all).toHaveLength(30)
    expect(new Set(all.map(({ id }) => id)).size).toBe(30)
    const keys = all.map(({ at, id }) => at.getTime() * 1000 + Number(id))
    expect(keys).toEqual(keys.toSorted((a, b) => b - a))
    expect(all[0]).toMatchObject({ actorKind: 'USER', before: { a: 1 }, after: [1], ip: null })
  })

  it('keeps its place while entries are added', async () => {
    const first = await t.access.audit.page(anonymous, { first: 5 })
    await t.db.audit(anonymous, { action: 'session.open.signIn', outcome: 'FAILED' })
    const second = await t.access.audit.page(anonymous, { first: 5, after: first.edges.at(-1)?.cursor })
    const ids = [...first.edges, ...second.edges].map(({ node }) => Number(node.id))
    expect(ids).toEqual(Array.from({ length: 10 }, (_, i) => (ids[0] ?? 0) - i))
    await t.db.query(`delete from audit_entries where action = 'session.open.signIn'`)
  })

  it('is searched by the names of who acted and of what was acted on, by address and by id', async () => {
    const { viewer, user } = await t.join('ADMIN')
    const { apiKey } = await t.access.keys.create(viewer, { name: 'Nightly build', role: 'VIEWER' })
    const actions = async (search: string) => (await walk({ search, actorId: viewer.id })).map(({ action }) => action)
    expect(await actions('nightly')).toEqual(['key.manage.createApiKey'])
    expect(await actions(apiKey.id)).toEqual(['key.manage.createApiKey'])
    expect((await walk({ search: user.email })).map(({ action }) => action)).toContain('user.manage.createUser')
    expect(await actions('192.0.2.')).toContain('key.manage.createApiKey')
    expect(await actions(viewer.name.toUpperCase())).toContain('key.manage.createApiKey')
    expect(await actions('no%such')).toEqual([])
    await expect(t.access.audit.page(anonymous, { filter: { search: 'x'.repeat(201) } })).rejects.toMatchObject({
      code: 'BAD_INPUT',
    })
    await t.db.query(`delete from audit_entries where at > '2026-02-01'`)
  })

  it('names a view as it was called, though it is gone', async () => {
    const { viewer } = await t.join('VIEWER')
    const target = { kind: 'view', id: 'viw_1' } as const
    await t.db.change(viewer, 'view.change.saveView', target, async () => ({ result: 1, after: { name: 'Mine' } }))
    await t.db.change(viewer, 'view.change.deleteView', target, async () => ({ result: 1, before: { name: 'Ours' } }))
    expect((await walk({ targetId: 'viw_1' })).map(({ targetName }) => targetName)).toEqual(['Ours', 'Mine'])
    await t.db.query(`delete from audit_entries where at > '2026-02-01'`)
  })

  it('names what was acted on as it is called now, and shows one entry by its number', async () => {
    const { viewer } = await t.join('ADMIN')
    const { apiKey } = await t.access.keys.create(viewer, { name: 'named', role: 'VIEWER' })
    const [entry] = await walk({ targetId: apiKey.id })
    expect(entry).toMatchObject({ targetName: 'named' })
    expect(await t.access.audit.one(anonymous, entry?.id ?? '')).toEqual(entry)
    for (const id of ['0', '', 'x', '9'.repeat(19)])
      await expect(t.access.audit.one(anonymous, id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await t.db.query(`delete from audit_entries where at > '2026-02-01'`)
  })

  it('is filtered by who, what, whereon, outcome and time, all of which must match', async () => {
    const count = async (filter: AuditFilter) => (await walk(filter)).length
    expect(await count({ actorId: 'usr_1' })).toBe(15)
    expect(await count({ action: 'terminal' })).toBe(10)
    expect(await count({ action: 'terminal.open' })).toBe(10)
    expect(await count({ action: 'user.manage' })).toBe(10)
    expect(await count({ action: 'user.man' })).toBe(0)
    expect(await count({ targetId: 'id_3' })).toBe(6)
    expect(await count({ outcome: 'DENIED' })).toBe(7)
    expect(await count({ from: new Date('2026-01-01T00:00:05Z'), to: new Date('2026-01-01T00:00:07Z') })).toBe(6)
    expect(await count({ actorId: 'usr_1', outcome: 'DENIED' })).toBe(0)
    expect(await count({ actorId: 'a\0', targetId: '\ud800' })).toBe(0)
  })

  it('refuses wrong pages and actions', async () => {
    for (const args of [
      { first: 0 },
      { after: 'x' },
      { after: Buffer.from('["2026-01-01T00:00:00Z","x"]').toString('base64url') },
    ]) {
      await expect(t.access.audit.page(anonymous, args)).rejects.toMatchObject({ code: 'BAD_INPUT' })
    }
    for (const action of ['', '%', 'a.', '.a', 'a b', "a' or 1=1"]) {
      await expect(t.access.audit.page(anonymous, { filter: { action } })).rejects.toMatchObject({ code: 'BAD_INPUT' })
    }
  })

  it('takes any id somebody aimed at, and names its kind where it is known', async () => {
    const { viewer } = await t.join('VIEWER')
    const refused = async (targetId: string | null) => {
      await t.access.audit.refused(viewer, 'removeInstance', 'instance.remove', targetId, new Fault('CONFLICT', 'no'))
      return t.db.prisma.auditEntry.findFirstOrThrow({ orderBy: { id: 'desc' } })
    }
    expect(await refused('ins_01ARZ3NDEKTSV4RRFFQ69G5FAV')).toMatchObject({
      targetKind: 'instance',
      outcome: 'FAILED',
      code: 'CONFLICT',
    })
    expect(await refused('a\0b\ud800')).toMatchObject({ targetKind: 'unknown', targetId: 'a\ufffdb\ufffd' })
    expect(await refused(null)).toMatchObject({ targetKind: null, targetId: null })
  })
})
