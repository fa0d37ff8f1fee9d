import type { User, UserViewer } from '@sindri/schema'
import type { Role } from '@sindri/schema/contract/roles'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openAccess, origin, type TestAccess } from '../testing/access.ts'

let t: TestAccess
let admin: { user: User; viewer: UserViewer; password: string; token: string }
beforeAll(async () => {
  t = await openAccess()
  admin = await t.join('ADMIN')
})
afterAll(() => t.close())

const create = (email: string, name = 'Somebody', role: Role = 'VIEWER') =>
  t.access.users.create(admin.viewer, { email, name, role })

describe('a new user', () => {
  it('has a one-time password that is shown once and stored nowhere', async () => {
    const { user, oneTimePassword } = await create(' New.User@Example.ORG ', '  Ada Lovelace ')
    expect(user).toEqual({
      id: user.id,
      email: 'new.user@example.org',
      name: 'Ada Lovelace',
      role: 'VIEWER',
      mustChangePassword: true,
      createdAt: expect.any(Date),
      lastSignInAt: null,
      deactivatedAt: null,
    })
    const { viewer } = await t.signIn('new.user@example.org', oneTimePassword)
    expect(viewer.mustChangePassword).toBe(true)
    expect(
      JSON.stringify([await t.db.query('select * from users'), await t.db.query('select * from audit_entries')]),
    ).not.toContain(oneTimePassword)
    const entry = await t.db.prisma.auditEntry.findFirstOrThrow({
      where: { targetId: user.id, action: 'user.manage.createUser' },
    })
    expect(entry).toMatchObject({
      actorKind: 'USER',
      actorId: admin.user.id,
      after: { email: 'new.user@example.org', name: 'Ada Lovelace', role: 'VIEWER' },
    })
  })

  it('needs an address of their own, in any case and at the same moment', async () => {
    await create('taken@example.org')
    await expect(create('TAKEN@example.org')).rejects.toMatchObject({
      code: 'CONFLICT',
      details: { field: 'input.email' },
    })
    const answers = await Promise.allSettled(Array.from({ length: 4 }, () => create('raced@example.org')))
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it.each([
    '',
    'x',
    '@',
    'a@',
    '@b',
    'a b@c.de',
    'a@b..c',
    'a@b c',
    'a\0@b.c',
    'a@b@c',
    `${'x'.repeat(65)}@b.c`,
    `a@${'b'.repeat(255)}`,
    '<a@b.c>',
    'a@-b-',
  ])('is refused with the address %j', async (email) => {
    await expect(create(email)).rejects.toMatchObject({ code: 'BAD_INPUT', details: { field: 'input.email' } })
  })

  it.each(['', '   ', 'x'.repeat(129), 'a\nb', 'a\0b'])('is refused with the name %j', async (name) => {
    await expect(create('named@example.org', name)).rejects.toMatchObject({
      code: 'BAD_INPUT',
      details: { field: 'input.name' },
    })
  })
})

describe('a change of a user', () => {
  it('of name or role keeps what it does not name, and a new role is judged at once', async () => {
    const { viewer, token, user } = await t.join('DEVELOPER')
    t.told.length = 0
    expect(await t.access.users.update(admin.viewer, { id: user.id, name: 'Renamed' })).toMatchObject({
      name: 'Renamed',
      role: 'DEVELOPER',
    })
    expect(t.told).toEqual([])
    expect(await t.access.users.update(admin.viewer, { id: user.id, role: 'VIEWER' })).toMatchObject({
      name: 'Renamed',
      role: 'VIEWER',
    })
    expect(t.told).toEqual([`user ${viewer.id}`])
    expect(await t.access.authenticate.session(token, origin)).toMatchObject({ role: 'VIEWER', name: 'Renamed' })
    const entry = await t.db.prisma.auditEntry.findFirstOrThrow({
      where: { targetId: user.id, action: 'user.manage.updateUser' },
      orderBy: { id: 'desc' },
    })
    expect(entry).toMatchObject({
      before: { role: 'DEVELOPER', active: true },
      after: { role: 'VIEWER', active: true },
    })
  })

  it('that closes the account ends its sessions and keys at once; opened again, it signs in anew', async () => {
    const { user, token, password, viewer } = await t.join('OPERATOR')
    const { secret } = await t.access.keys.create(viewer, { name: 'k', role: 'OPERATOR' })
    expect(await t.access.authenticate.key(secret, origin)).not.toBeNull()
    t.told.length = 0
    expect((await t.access.users.update(admin.viewer, { id: user.id, active: false })).deactivatedAt).toBeInstanceOf(
      Date,
    )
    expect(t.told).toEqual([`user ${user.id}`])
    expect(await t.access.authenticate.session(token, origin)).toBeNull()
    expect(await t.access.authenticate.key(secret, origin)).toBeNull()
    await expect(t.signIn(user.email, password)).rejects.toMatchObject({ code: 'SIGN_IN_FAILED' })
    expect((await t.access.users.update(admin.viewer, { id: user.id, active: true })).deactivatedAt).toBeNull()
    expect(await t.access.authenticate.session(token, origin)).toBeNull()
    expect(await t.access.authenticate.key(secret, origin)).toBeNull()
    await t.signIn(user.email, password)
  })

  it('closed at the moment of signing in leaves no open session', async () => {
    const { user, password } = await t.join('VIEWER')
    await Promise.allSettled([
      ...Array.from({ length: 4 }, () => t.signIn(user.email, password)),
      t.access.users.update(admin.viewer, { id: user.id, active: false }),
    ])
    const open = await t.db.query('select 1 from sessions where user_id = $1 and revoked_at is null', [user.id])
    expect(open).toEqual([])
  })

  it('needs something to change, and somebody to change', async () => {
    await expect(t.access.users.update(admin.viewer, { id: admin.user.id })).rejects.toMatchObject({
      code: 'BAD_INPUT',
    })
    for (const id of ['usr_01ARZ3NDEKTSV4RRFFQ69G5FAV', '', 'a\0', 'x'.repeat(9_999)]) {
      await expect(t.access.users.update(admin.viewer, { id, name: 'x' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
      await expect(t.access.users.resetPassword(admin.viewer, id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    }
  })
})

describe('the last administrator', () => {
  const alone = async () => {
    await t.db.query(`update users set role = 'OPERATOR' where role = 'ADMIN'`)
    await t.db.query(`update users set role = 'ADMIN', deactivated_at = null where id = $1`, [admin.user.id])
  }

  it('keeps role and account', async () => {
    await alone()
    for (const change of [
      { role: 'OPERATOR' as const },
      { active: false },
      { role: 'VIEWER' as const, active: false },
    ]) {
      await expect(t.access.users.update(admin.viewer, { id: admin.user.id, ...change })).rejects.toMatchObject({
        code: 'CONFLICT',
      })
    }
    expect(
      await t.access.users.update(admin.viewer, { id: admin.user.id, name: 'Still here', role: 'ADMIN', active: true }),
    ).toMatchObject({ role: 'ADMIN' })
  })

  it('is counted without closed accounts', async () => {
    await alone()
    const { user } = await t.join('ADMIN')
    await t.access.users.update(admin.viewer, { id: user.id, active: false })
    await expect(t.access.users.update(admin.viewer, { id: admin.user.id, active: false })).rejects.toMatchObject({
      code: 'CONFLICT',
    })
  })

  it('remains when all of them remove one another at the same moment', async () => {
    await alone()
    const others = await Promise.all([t.join('ADMIN'), t.join('ADMIN'), t.join('ADMIN')])
    const all = [admin, ...others]
    const answers = await Promise.allSettled(
      all.map(({ viewer }, i) => {
        const id = all[(i + 1) % all.length]?.user.id ?? ''
        return t.access.users.update(viewer, i % 2 ? { id, role: 'VIEWER' } : { id, active: false })
      }),
    )
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(3)
    expect(await t.db.prisma.user.count({ where: { role: 'ADMIN', deactivatedAt: null } })).toBe(1)
    await alone()
  })
})

it('a new one-time password ends all sessions, works, and need not wait for failures with the old one', async () => {
  const { user, token } = await t.join('VIEWER')
  for (let i = 0; i < 6; i++) await t.signIn(user.email, 'a wrong password').catch(() => {})
  await t.stretchDelays()
  await expect(t.signIn(user.email, 'a wrong password')).rejects.toMatchObject({ code: 'RATE_LIMITED' })
  const issued = await t.access.users.resetPassword(admin.viewer, user.id)
  expect(issued.user.mustChangePassword).toBe(true)
  expect(await t.access.authenticate.session(token, origin)).toBeNull()
  const { viewer } = await t.signIn(user.email, issued.oneTimePassword)
  expect(viewer.mustChangePassword).toBe(true)
})

describe('the list of users', () => {
  it('comes by e-mail, page by page, and is searched by name and e-mail', async () => {
    for (let i = 0; i < 7; i++) await create(`list${i}@pages.test`, i % 2 ? 'Odd One' : 'Even%One')
    const emails: string[] = []
    let after: string | undefined
    do {
      const page = await t.access.users.page(admin.viewer, { first: 3, after, search: 'PAGES.test' })
      expect(page.totalCount).toBe(7)
      emails.push(...page.edges.map(({ node }) => node.email))
      after = page.hasNextPage ? page.edges.at(-1)?.cursor : undefined
    } while (after)
    expect(emails).toEqual(Array.from({ length: 7 }, (_, i) => `list${i}@pages.test`))
    expect((await t.access.users.page(admin.viewer, { search: 'odd o' })).totalCount).toBe(3)
    expect((await t.access.users.page(admin.viewer, { search: '%' })).totalCount).toBe(4)
    const all = await t.access.users.page(admin.viewer, { first: 200 })
    expect(all.totalCount).toBe(all.edges.length)
    expect(JSON.stringify(all)).not.toContain('argon2')
  })

  it('refuses wrong pages', async () => {
    for (const args of [{ first: 0 }, { first: 201 }, { after: 'x' }, { search: 'x'.repeat(201) }, { search: 'a\0' }]) {
      await expect(t.access.users.page(admin.viewer, args)).rejects.toMatchObject({ code: 'BAD_INPUT' })
    }
  })
})

describe('the first administrator', () => {
  it('is made once, however many replicas start, and later only named', async () => {
    await t.db.query('delete from users')
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => t.access.ensureAdmin({ email: 'Root@Example.org' })),
    )
    expect(answers.filter(({ oneTimePassword }) => oneTimePassword !== null)).toHaveLength(1)
    expect(new Set(answers.map(({ email }) => email))).toEqual(new Set(['root@example.org']))
    expect(await t.access.ensureAdmin({ email: 'other@example.org', password: 'another password' })).toEqual({
      email: 'root@example.org',
      oneTimePassword: null,
    })
    const entries = await t.db.prisma.auditEntry.findMany({
      where: { actorKind: 'SYSTEM', action: 'user.manage.createUser' },
      orderBy: { id: 'desc' },
    })
    expect(entries[0]).toMatchObject({ actorName: 'first start', after: { email: 'root@example.org', role: 'ADMIN' } })
  })

  it('with a password of their own signs in with it, and need not change it', async () => {
    await t.db.query('delete from users')
    expect(await t.access.ensureAdmin({ email: 'root@example.org', password: 'given by the environment' })).toEqual({
      email: 'root@example.org',
      oneTimePassword: null,
    })
    expect((await t.signIn('root@example.org', 'given by the environment')).viewer).toMatchObject({
      role: 'ADMIN',
      mustChangePassword: false,
    })
  })

  it('is refused with a wrong address or password, naming the variable', async () => {
    await expect(t.access.ensureAdmin({ email: 'nobody' })).rejects.toThrow(
      'SINDRI_ADMIN_EMAIL: expected an e-mail address',
    )
    await expect(t.access.ensureAdmin({ email: 'root@example.org', password: 'short' })).rejects.toThrow(
      'SINDRI_ADMIN_PASSWORD: expected 12 to 256 characters, got 5.',
    )
  })

  it('gets a new one-time password from the command line', async () => {
    await t.db.query('delete from users')
    await t.access.ensureAdmin({ email: 'root@example.org', password: 'given by the environment' })
    for (const email of [undefined, 'root@example.org']) {
      const { user, oneTimePassword } = await t.access.recover(email)
      expect(user.email).toBe('root@example.org')
      await t.signIn(user.email, oneTimePassword)
    }
    await expect(t.access.recover('nobody@example.org')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    const entry = await t.db.prisma.auditEntry.findFirstOrThrow({ where: { actorName: 'command line' } })
    expect(entry).toMatchObject({ actorKind: 'SYSTEM', action: 'user.manage.resetPassword' })
  })
})
