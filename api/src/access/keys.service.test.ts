import type { KeyViewer, UserViewer } from '@sindri/schema'
import { ROLES, type Role } from '@sindri/schema/contract/roles'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readMigrations } from '../platform/migrations.ts'
import { openAccess, origin, type TestAccess } from '../testing/access.ts'

let t: TestAccess
let admin: UserViewer
beforeAll(async () => {
  t = await openAccess()
  admin = (await t.join('ADMIN')).viewer
})
afterAll(() => t.close())

const make = (viewer: UserViewer | KeyViewer, role: Role, expiresAt: Date | null = null) =>
  t.access.keys.create(viewer, { name: 'for a test', role, expiresAt })
const open = (secret: string) => t.access.authenticate.key(secret, origin)
const opened = async (secret: string): Promise<KeyViewer> => {
  const viewer = await open(secret)
  if (!viewer) throw new Error('Expected the key to be valid.')
  return viewer
}

describe('a key', () => {
  it('is shown once, stored as a hash, and recognised by its beginning', async () => {
    const { apiKey, secret } = await make(admin, 'VIEWER')
    expect(secret).toMatch(/^sk_[\w-]{43}$/)
    expect(apiKey).toEqual({
      id: apiKey.id,
      name: 'for a test',
      prefix: secret.slice(0, 11),
      role: 'VIEWER',
      ownerId: admin.id,
      ownerName: admin.name,
      madeWithId: null,
      createdAt: expect.any(Date),
      expiresAt: null,
      lastUsedAt: null,
      revokedAt: null,
    })
    expect(
      JSON.stringify([await t.db.query('select * from api_keys'), await t.db.query('select * from audit_entries')]),
    ).not.toContain(secret.slice(11))
    expect(await open(secret)).toEqual({
      kind: 'key',
      id: apiKey.id,
      name: 'for a test',
      role: 'VIEWER',
      ownerId: admin.id,
      ...origin,
    })
  })

  it.each([
    '',
    'sk_',
    'x',
    'sk_' + 'x'.repeat(43),
    'sk_' + 'é'.repeat(43),
    'sk_' + '\0'.repeat(43),
    'x'.repeat(100_000),
  ])('does not open by %j', async (secret) => {
    expect(await open(secret)).toBeNull()
  })

  it('never exceeds the role its creator has now', async () => {
    const { user, viewer } = await t.join('OPERATOR')
    const { secret } = await make(viewer, 'OPERATOR')
    expect((await opened(secret)).role).toBe('OPERATOR')
    for (const role of ['VIEWER', 'ADMIN', 'DEVELOPER'] as const) {
      await t.access.users.update(admin, { id: user.id, role })
      expect((await opened(secret)).role).toBe(role === 'ADMIN' ? 'OPERATOR' : role)
    }
  })

  it('is not made above its creator, whoever creates it and whatever they were', async () => {
    for (const role of ROLES) {
      const { viewer } = await t.join(role)
      for (const wanted of ROLES) {
        const answer = make(viewer, wanted)
        if (ROLES.indexOf(wanted) <= ROLES.indexOf(role)) await answer
        else await expect(answer).rejects.toMatchObject({ code: 'FORBIDDEN' })
      }
    }
    const { viewer, user } = await t.join('ADMIN')
    await t.access.users.update(admin, { id: user.id, role: 'OPERATOR' })
    await expect(make(viewer, 'ADMIN')).rejects.toMatchObject({ code: 'FORBIDDEN' })
  })

  it('made by a key belongs to the same user, is not above it and does not outlive it', async () => {
    const end = new Date(Date.now() + 3_600_000)
    const maker = await opened((await make(admin, 'OPERATOR', end)).secret)
    await expect(make(maker, 'ADMIN', end)).rejects.toMatchObject({ code: 'FORBIDDEN' })
    await expect(make(maker, 'VIEWER')).rejects.toMatchObject({ code: 'FORBIDDEN' })
    await expect(make(maker, 'VIEWER', new Date(end.getTime() + 1))).rejects.toMatchObject({ code: 'FORBIDDEN' })
    const { apiKey } = await make(maker, 'OPERATOR', end)
    expect(apiKey).toMatchObject({ ownerId: admin.id, madeWithId: maker.id })
    const [entry] = await t.db.prisma.auditEntry.findMany({ where: { targetId: apiKey.id } })
    expect(entry).toMatchObject({
      actorKind: 'KEY',
      actorId: maker.id,
      action: 'key.manage.createApiKey',
      outcome: 'ALLOWED',
    })
  })

  it('ends when its time is over', async () => {
    const { apiKey, secret } = await make(admin, 'VIEWER', new Date(Date.now() + 3_600_000))
    expect(await open(secret)).not.toBeNull()
    await t.db.query(`update api_keys set expires_at = now() where id = $1`, [apiKey.id])
    await t.clock.advance(2_000)
    expect(await open(secret)).toBeNull()
    for (const expiresAt of [new Date(t.clock.now()), new Date(0)]) {
      await expect(make(admin, 'VIEWER', expiresAt)).rejects.toMatchObject({
        code: 'BAD_INPUT',
        details: { field: 'input.expiresAt' },
      })
    }
  })

  it('is written as used at most once a minute', async () => {
    const { apiKey, secret } = await make(admin, 'VIEWER')
    const used = async () => {
      await t.clock.advance(3_000)
      await open(secret)
      return (await t.db.prisma.apiKey.findUniqueOrThrow({ where: { id: apiKey.id } })).lastUsedAt?.getTime() ?? 0
    }
    const first = await used()
    expect(first).toBeGreaterThan(0)
    expect(await used()).toBe(first)
    await t.db.query(`update api_keys set last_used_at = now() - interval '70 s' where id = $1`, [apiKey.id])
    expect(await used()).toBeGreaterThan(first - 1)
  })

  it('is revoked at once, and tells sockets and terminals; again changes nothing', async () => {
    const { apiKey, secret } = await make(admin, 'VIEWER')
    await open(secret)
    const revoked = await t.access.keys.revoke(admin, apiKey.id)
    expect(revoked.revokedAt).toBeInstanceOf(Date)
    expect(await open(secret)).toBeNull()
    expect(t.told.at(-1)).toBe(`key ${apiKey.id}`)
    expect((await t.access.keys.revoke(admin, apiKey.id)).revokedAt).toEqual(revoked.revokedAt)
    for (const id of ['key_01ARZ3NDEKTSV4RRFFQ69G5FAV', '', 'a\0']) {
      await expect(t.access.keys.revoke(admin, id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    }
  })

  it('that was revoked a moment ago makes no other, though a replica still knows it', async () => {
    const { apiKey, secret } = await make((await t.join('OPERATOR')).viewer, 'OPERATOR')
    const known = await opened(secret)
    await t.access.keys.revoke(admin, apiKey.id)
    await expect(make(known, 'VIEWER')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })

  it('made while its creator is closed does not live on', async () => {
    const { user, viewer } = await t.join('OPERATOR')
    await Promise.allSettled([
      ...Array.from({ length: 4 }, () => make(viewer, 'VIEWER')),
      t.access.users.update(admin, { id: user.id, active: false }),
      ...Array.from({ length: 4 }, () => make(viewer, 'VIEWER')),
    ])
    expect(await t.db.prisma.apiKey.count({ where: { userId: user.id, revokedAt: null } })).toBe(0)
    await expect(make(viewer, 'VIEWER')).rejects.toMatchObject({ code: 'FORBIDDEN' })
  })

  it('takes with it, when it is revoked, what was made with it, directly or through others, and nothing else', async () => {
    const { viewer } = await t.join('OPERATOR')
    const [first, other] = [await make(viewer, 'OPERATOR'), await make(viewer, 'OPERATOR')]
    const second = await make(await opened(first.secret), 'OPERATOR')
    const third = await make(await opened(second.secret), 'OPERATOR')
    const fourth = await make(await opened(third.secret), 'VIEWER')
    const gone = await make(await opened(first.secret), 'VIEWER')
    const { revokedAt } = await t.access.keys.revoke(viewer, gone.apiKey.id)

    t.told.length = 0
    await t.access.keys.revoke(viewer, third.apiKey.id)
    expect(t.told.toSorted()).toEqual([third, fourth].map(({ apiKey }) => `key ${apiKey.id}`).toSorted())
    for (const { secret } of [third, fourth]) expect(await open(secret)).toBeNull()
    for (const { secret } of [first, second, other]) expect((await opened(secret)).role).toBe('OPERATOR')

    expect((await t.access.keys.revoke(viewer, first.apiKey.id)).id).toBe(first.apiKey.id)
    for (const { secret } of [first, second]) expect(await open(secret)).toBeNull()
    expect((await opened(other.secret)).role).toBe('OPERATOR')
    const entries = await t.db.prisma.auditEntry.findMany({
      where: { actorId: viewer.id, action: 'key.manage.revokeApiKey' },
    })
    expect(entries).toHaveLength(5)
    const revokedWith = entries.map(({ targetId, after }) => [
      targetId,
      (after as { revokedWith?: string }).revokedWith,
    ])
    expect(Object.fromEntries(revokedWith)).toEqual({
      [gone.apiKey.id]: undefined,
      [third.apiKey.id]: undefined,
      [fourth.apiKey.id]: third.apiKey.id,
      [first.apiKey.id]: undefined,
      [second.apiKey.id]: first.apiKey.id,
    })
    const still = await t.db.prisma.apiKey.findUniqueOrThrow({ where: { id: gone.apiKey.id } })
    expect(still.revokedAt).toEqual(revokedAt)
  })

  it('takes with it what outlived a key between them', async () => {
    const { viewer } = await t.join('OPERATOR')
    const first = await make(viewer, 'OPERATOR')
    const second = await make(await opened(first.secret), 'OPERATOR')
    const third = await make(await opened(second.secret), 'OPERATOR')
    await t.db.query('update api_keys set revoked_at = now() where id = $1', [second.apiKey.id])
    expect((await opened(third.secret)).id).toBe(third.apiKey.id)
    await t.access.keys.revoke(admin, first.apiKey.id)
    expect(await open(third.secret)).toBeNull()
  })

  it('makes none that lives on, however close it was to being revoked', async () => {
    const { viewer, user } = await t.join('OPERATOR')
    const first = await make(viewer, 'OPERATOR')
    const second = await opened((await make(await opened(first.secret), 'OPERATOR')).secret)
    const answers = await Promise.allSettled([
      ...Array.from({ length: 4 }, () => make(second, 'VIEWER')),
      t.access.keys.revoke(admin, first.apiKey.id),
      ...Array.from({ length: 4 }, () => make(second, 'VIEWER')),
    ])
    expect(answers[4]).toMatchObject({ status: 'fulfilled' })
    expect(await t.db.prisma.apiKey.count({ where: { userId: user.id, revokedAt: null } })).toBe(0)
  })

  it('made before it was written down with which one is found in the audit log', async () => {
    const first = await make(admin, 'OPERATOR')
    const second = await make(await opened(first.secret), 'OPERATOR')
    const madeWith = async () =>
      (await t.db.prisma.apiKey.findMany({ orderBy: { id: 'asc' } })).map(({ id, madeWithId }) => [id, madeWithId])
    const known = await madeWith()
    expect(known).toContainEqual([second.apiKey.id, first.apiKey.id])
    await t.db.query('update api_keys set made_with_id = null')
    const { sql = '' } = readMigrations().find(({ name }) => name.endsWith('_keys_of_keys')) ?? {}
    await t.db.query(sql.slice(sql.indexOf('UPDATE "')))
    expect(await madeWith()).toEqual(known)
  })

  it.each(['', 'x'.repeat(129), 'a\0'])('is refused with the name %j', async (name) => {
    await expect(t.access.keys.create(admin, { name, role: 'VIEWER' })).rejects.toMatchObject({ code: 'BAD_INPUT' })
  })
})

it('the list comes newest first, page by page, revoked ones included', async () => {
  await t.db.query('delete from api_keys')
  const made: string[] = []
  for (let i = 0; i < 7; i++) made.unshift((await make(admin, 'VIEWER')).apiKey.id)
  await t.access.keys.revoke(admin, made[3] ?? '')
  const seen: string[] = []
  let after: string | undefined
  do {
    const page = await t.access.keys.page(admin, { first: 2, after })
    expect(page.totalCount).toBe(7)
    seen.push(...page.edges.map(({ node }) => node.id))
    after = page.hasNextPage ? page.edges.at(-1)?.cursor : undefined
  } while (after)
  expect(seen).toEqual(made)
  const ids = async (open: boolean) => (await t.access.keys.page(admin, { open })).edges.map(({ node }) => node.id)
  expect(await ids(false)).toEqual([made[3]])
  expect(await ids(true)).toEqual(made.toSpliced(3, 1))
  await t.db.query(`update api_keys set expires_at = now() where id = $1`, [made[0]])
  expect(await ids(false)).toEqual([made[0], made[3]])
  await expect(t.access.keys.page(admin, { after: 'WzFd' })).rejects.toMatchObject({ code: 'BAD_INPUT' })
})
