import type { KeyViewer, UserViewer } from '@sindri/schema'
import { ROLES, type Role } from '@sindri/schema/contract/roles'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
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
    expect(apiKey.ownerId).toBe(admin.id)
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
