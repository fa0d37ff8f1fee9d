import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anonymous, openAccess, openJar, origin, type TestAccess } from '../testing/access.ts'

let t: TestAccess
beforeAll(async () => {
  t = await openAccess()
})
afterAll(() => t.close())

const entriesOf = (filter: { actorId?: string; action?: string }) =>
  t.db.prisma.auditEntry.findMany({ where: filter, orderBy: { id: 'asc' } })
/** As if that much time had passed since the session was last seen, and since it was opened. */
const age = (id: string, ms: number) =>
  t.db.query(
    `update sessions set last_seen_at = last_seen_at - $2 * interval '1 ms', expires_at = expires_at - $2 * interval '1 ms' where id = $1`,
    [id, ms],
  )
const day = 86_400_000

describe('signing in', () => {
  it('opens a session whose token only the browser has, and says so in the audit log', async () => {
    const { user, password } = await t.join('VIEWER')
    const jar = openJar()
    const signedIn = await t.access.accounts.signIn(
      anonymous,
      { email: ` ${user.email.toUpperCase()} `, password },
      jar,
    )
    expect(signedIn).toMatchObject({ id: user.id, email: user.email, role: 'VIEWER', mustChangePassword: false })
    expect(signedIn.lastSignInAt).toBeInstanceOf(Date)
    expect(signedIn).not.toHaveProperty('password_hash')
    expect(jar.maxAgeMs).toBe(14 * day)
    const viewer = await t.access.authenticate.session(jar.token ?? '', origin)
    expect(viewer).toMatchObject({ kind: 'user', id: user.id, role: 'VIEWER', ...origin })
    const stored = JSON.stringify(await t.db.query('select * from sessions'))
    expect(stored).not.toContain(jar.token)
    const last = (await entriesOf({ actorId: user.id, action: 'session.open.signIn' })).at(-1)
    expect(last).toMatchObject({ actorKind: 'USER', outcome: 'ALLOWED', targetId: viewer?.sessionId, ip: origin.ip })
  })

  it('fails alike for a wrong password, an unknown address, a closed account and nonsense', async () => {
    const { user, password } = await t.join('VIEWER')
    const { user: closed, password: closedPassword } = await t.join('VIEWER')
    const admin = await t.join('ADMIN')
    await t.access.users.update(admin.viewer, { id: closed.id, active: false })
    const attempt = (email: string, secret: string) =>
      t.access.accounts.signIn({ ...anonymous, ip: '198.51.100.1' }, { email, password: secret }, openJar()).then(
        () => 'signed in',
        (error: { code: string; message: string; details: unknown }) => [error.code, error.message, error.details],
      )
    const answers = [
      await attempt(user.email, 'not the password'),
      await attempt('nobody@example.org', password),
      await attempt(closed.email, closedPassword),
      await attempt('no address', password),
      await attempt('', ''),
      await attempt('a\0b@example.org', `${password}\0`),
      await attempt(user.email, 'x'.repeat(100_000)),
    ]
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
      new Set([
        JSON.stringify(['SIGN_IN_FAILED', 'E-mail and password do not match a user who may sign in.', undefined]),
      ]),
    )
  })

  it('takes the same work for an address that nobody has', async () => {
    const { user } = await t.join('VIEWER')
    const timeOf = async (email: string, ip: string): Promise<number> => {
      const started = performance.now()
      await t.access.accounts
        .signIn({ ...anonymous, ip }, { email, password: 'not the password' }, openJar())
        .catch(() => {})
      return performance.now() - started
    }
    const median = (times: number[]) => times.sort((a, b) => a - b)[times.length >> 1] ?? 0
    const known: number[] = []
    const unknown: number[] = []
    for (let i = 0; i < 9; i++) {
      known.push(await timeOf(user.email, `203.0.113.${i}`))
      unknown.push(await timeOf('nobody@example.org', `203.0.113.${i + 100}`))
    }
    // Without the work for nobody it would be a fifth of it or less.
    expect(median(unknown)).toBeGreaterThan(median(known) / 2.5)
  })

  it('is slowed down after failures, for that account and address alone, and success begins anew', async () => {
    const { user, password } = await t.join('VIEWER')
    const { user: other, password: otherPassword } = await t.join('VIEWER')
    const from = (ip: string) => ({ ...anonymous, ip })
    const attempt = (secret: string, ip = '198.51.100.20') =>
      t.access.accounts.signIn(from(ip), { email: user.email, password: secret }, openJar())
    for (let i = 0; i < 4; i++)
      await expect(attempt('wrong password')).rejects.toMatchObject({ code: 'SIGN_IN_FAILED' })
    await attempt(password)
    for (let i = 0; i < 5; i++)
      await expect(attempt('wrong password')).rejects.toMatchObject({ code: 'SIGN_IN_FAILED' })
    await t.stretchDelays()
    await expect(attempt(password)).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      details: { retryAfterMs: expect.any(Number) },
    })
    await attempt(password, '198.51.100.21')
    await t.access.accounts.signIn(from('198.51.100.20'), { email: other.email, password: otherPassword }, openJar())
  })

  it('ends the session that the same browser had before', async () => {
    const { user, password, viewer, token } = await t.join('VIEWER')
    await t.access.accounts.signIn(viewer, { email: user.email, password }, openJar())
    expect(await t.access.authenticate.session(token, origin)).toBeNull()
    expect(t.told.at(-1)).toBe(`session ${viewer.sessionId}`)
  })

  it('needs a transport that can set a cookie', async () => {
    const { user, password } = await t.join('VIEWER')
    await expect(t.access.accounts.signIn(anonymous, { email: user.email, password }, null)).rejects.toMatchObject({
      code: 'BAD_INPUT',
    })
  })
})

describe('a session', () => {
  it('ends after 3 days without use, and after 14 days in any case', async () => {
    const { viewer, token, user, password } = await t.join('VIEWER')
    const alive = async () => {
      await t.clock.advance(3_000)
      return (await t.access.authenticate.session(token, origin)) !== null
    }
    for (let i = 0; i < 6; i++) {
      await age(viewer.sessionId, 2.3 * day)
      expect(await alive()).toBe(true)
    }
    await age(viewer.sessionId, 0.5 * day)
    expect(await alive()).toBe(false)
    const idle = await t.signIn(user.email, password)
    await age(idle.viewer.sessionId, 3.01 * day)
    await t.clock.advance(3_000)
    expect(await t.access.authenticate.session(idle.token, origin)).toBeNull()
    expect(await t.access.accounts.sessions(idle.viewer)).toEqual([])
  })

  it('is written as seen at most once a minute', async () => {
    const { viewer, token } = await t.join('VIEWER')
    const seen = async () => {
      await t.clock.advance(3_000)
      await t.access.authenticate.session(token, origin)
      return (await t.access.accounts.sessions(viewer)).find((session) => session.current)?.lastSeenAt.getTime() ?? 0
    }
    await t.db.query(`update sessions set last_seen_at = now() - interval '50 s' where id = $1`, [viewer.sessionId])
    const before = await seen()
    expect(await seen()).toBe(before)
    await t.db.query(`update sessions set last_seen_at = now() - interval '70 s' where id = $1`, [viewer.sessionId])
    expect(await seen()).toBeGreaterThan(before)
  })

  it('is listed to its user alone, newest first, and says which one asks', async () => {
    const { viewer, user, password } = await t.join('VIEWER')
    await t.join('VIEWER')
    const second = await t.signIn(user.email, password)
    const sessions = await t.access.accounts.sessions(second.viewer)
    expect(sessions.map(({ id, current, ip, userAgent }) => ({ id, current, ip, userAgent }))).toEqual([
      { id: second.viewer.sessionId, current: true, ip: origin.ip, userAgent: 'a test' },
      { id: viewer.sessionId, current: false, ip: origin.ip, userAgent: 'a test' },
    ])
    expect((sessions[0]?.expiresAt.getTime() ?? 0) - Date.now()).toBeLessThanOrEqual(3 * day)
    expect(await t.access.accounts.sessions(anonymous)).toEqual([])
  })

  it('ends at once by signing out, and its cookie goes', async () => {
    const { viewer, token } = await t.join('VIEWER')
    const jar = { ...openJar(), token }
    expect(await t.access.accounts.signOut(viewer, jar)).toBe(true)
    expect(jar.token).toBeNull()
    expect(await t.access.authenticate.session(token, origin)).toBeNull()
    expect(t.told.at(-1)).toBe(`session ${viewer.sessionId}`)
  })

  it('is revoked by its user and nobody else', async () => {
    const { viewer, user, password } = await t.join('VIEWER')
    const second = await t.signIn(user.email, password)
    const stranger = await t.join('ADMIN')
    for (const id of [second.viewer.sessionId]) {
      await expect(t.access.accounts.revokeSession(stranger.viewer, id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    }
    expect(await t.access.authenticate.session(second.token, origin)).not.toBeNull()
    expect(await t.access.accounts.revokeSession(viewer, second.viewer.sessionId)).toBe(true)
    expect(await t.access.authenticate.session(second.token, origin)).toBeNull()
    for (const id of [second.viewer.sessionId, 'ses_unknown', '', 'a\0b', 'x'.repeat(9999)]) {
      await expect(t.access.accounts.revokeSession(viewer, id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    }
  })

  it('can end all the others of its user', async () => {
    const { viewer, token, user, password } = await t.join('VIEWER')
    const others = [await t.signIn(user.email, password), await t.signIn(user.email, password)]
    expect(await t.access.accounts.revokeOtherSessions(viewer)).toBe(2)
    for (const other of others) expect(await t.access.authenticate.session(other.token, origin)).toBeNull()
    expect(await t.access.authenticate.session(token, origin)).not.toBeNull()
    expect(await t.access.accounts.revokeOtherSessions(viewer)).toBe(0)
  })

  it('that another replica ended is forgotten here when the bus says so', async () => {
    const { viewer, token } = await t.join('VIEWER')
    expect(await t.access.authenticate.session(token, origin)).not.toBeNull()
    await t.db.query('update sessions set revoked_at = now() where id = $1', [viewer.sessionId])
    expect(await t.access.authenticate.session(token, origin)).not.toBeNull()
    const { topics } = await import('../platform/topics.ts')
    t.bus.publish(topics.accessEnded, 'all', { kind: 'session', id: viewer.sessionId })
    await t.clock.advance(0)
    expect(await t.access.authenticate.session(token, origin)).toBeNull()
  })

  it.each([
    ['', 0],
    [', and somebody sets the clock back', -3_600_000],
  ])('that another replica ended is forgotten after 2 s even when the bus is silent%s', async (_, jumpMs) => {
    const { viewer, token } = await t.join('VIEWER')
    await t.access.authenticate.session(token, origin)
    await t.db.query('update sessions set revoked_at = now() where id = $1', [viewer.sessionId])
    t.clock.jumpWall(jumpMs)
    await t.clock.advance(2_000)
    expect(await t.access.authenticate.session(token, origin)).toBeNull()
    t.clock.jumpWall(-jumpMs)
  })

  it.each(['', 'x', 'a\0b', 'x'.repeat(43), 'é'.repeat(43), 'x'.repeat(100_000)])(
    'does not open by a made-up token',
    async (token) => {
      expect(await t.access.authenticate.session(token, origin)).toBeNull()
    },
  )
})

describe('a password', () => {
  it('of one time must be changed before anything else, and the change opens the rest', async () => {
    const admin = await t.join('ADMIN')
    const { user, oneTimePassword } = await t.access.users.create(admin.viewer, {
      email: 'new@example.org',
      name: 'New',
      role: 'VIEWER',
    })
    const { viewer, token } = await t.signIn(user.email, oneTimePassword)
    expect(viewer.mustChangePassword).toBe(true)
    const changed = await t.access.accounts.changePassword(viewer, {
      current: oneTimePassword,
      next: 'a password of my own',
    })
    expect(changed.mustChangePassword).toBe(false)
    expect(await t.access.authenticate.session(token, origin)).toMatchObject({ mustChangePassword: false })
    expect(t.told).toContain(`session ${viewer.sessionId}`)
  })

  it('change ends all other sessions, keeps this one, and the old password no longer opens', async () => {
    const { viewer, token, user, password } = await t.join('VIEWER')
    const other = await t.signIn(user.email, password)
    t.told.length = 0
    await t.access.accounts.changePassword(viewer, { current: password, next: 'quite another password' })
    expect(t.told).toEqual([`session ${other.viewer.sessionId}`])
    expect(await t.access.authenticate.session(other.token, origin)).toBeNull()
    expect(await t.access.authenticate.session(token, origin)).not.toBeNull()
    await expect(t.signIn(user.email, password)).rejects.toMatchObject({ code: 'SIGN_IN_FAILED' })
    await t.signIn(user.email, 'quite another password')
  })

  it('needs the present one, another one that is not the e-mail address, and 12 to 256 characters', async () => {
    const { viewer, user, password } = await t.join('VIEWER')
    const change = (current: string, next: string) => t.access.accounts.changePassword(viewer, { current, next })
    await expect(change(password, 'short')).rejects.toMatchObject({ code: 'BAD_INPUT', details: { field: 'next' } })
    await expect(change(password, 'x1'.repeat(200))).rejects.toMatchObject({
      code: 'BAD_INPUT',
      details: { field: 'next' },
    })
    await expect(change('not the password', 'another password')).rejects.toMatchObject({
      code: 'BAD_INPUT',
      details: { field: 'current' },
    })
    await expect(change(password, user.email.toUpperCase())).rejects.toMatchObject({
      code: 'BAD_INPUT',
      details: { field: 'next' },
    })
    await expect(change(password, password)).rejects.toMatchObject({ code: 'BAD_INPUT', details: { field: 'next' } })
  })

  it('cannot be guessed at leisure by whoever finds a browser open', async () => {
    const { viewer, password } = await t.join('VIEWER')
    const guess = (current: string) => t.access.accounts.changePassword(viewer, { current, next: 'another password' })
    for (let i = 0; i < 5; i++) await expect(guess(`guess number ${i}`)).rejects.toMatchObject({ code: 'BAD_INPUT' })
    await t.stretchDelays()
    await expect(guess(password)).rejects.toMatchObject({ code: 'RATE_LIMITED' })
  })

  it('changed twice at the same moment is changed once', async () => {
    const { viewer, password } = await t.join('VIEWER')
    const answers = await Promise.allSettled(
      ['first new password', 'second new password'].map((next) =>
        t.access.accounts.changePassword(viewer, { current: password, next }),
      ),
    )
    expect(answers.map((answer) => answer.status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  it('never reaches the audit log, nor do tokens', async () => {
    const log = JSON.stringify(await t.db.query('select * from audit_entries'))
    expect(log.length).toBeGreaterThan(1000)
    expect(log).not.toMatch(/the password of|argon2|a password of my own/)
  })
})

it('a key has neither sessions nor a password', async () => {
  const admin = await t.join('ADMIN')
  const { secret } = await t.access.keys.create(admin.viewer, { name: 'k', role: 'ADMIN' })
  const key = await t.access.authenticate.key(secret, origin)
  if (!key) throw new Error('Expected the key to be valid.')
  expect(await t.access.accounts.user(key)).toBeNull()
  expect(await t.access.accounts.sessions(key)).toEqual([])
  await expect(t.access.accounts.signOut(key, openJar())).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await expect(t.access.accounts.changePassword(key, { current: 'x', next: 'y' })).rejects.toMatchObject({
    code: 'FORBIDDEN',
  })
})
