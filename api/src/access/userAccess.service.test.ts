import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openAccess, type TestAccess } from '../testing/access.ts'

let t: TestAccess
beforeAll(async () => {
  t = await openAccess()
})
afterAll(() => t.close())

describe('what somebody holds open', () => {
  it('is counted: sessions, and keys that still open something', async () => {
    const admin = await t.join('ADMIN')
    const { user, password, viewer } = await t.join('OPERATOR')
    await t.signIn(user.email, password)
    const { apiKey } = await t.access.keys.create(viewer, { name: 'over', role: 'VIEWER' })
    await t.access.keys.revoke(viewer, apiKey.id)
    await t.access.keys.create(viewer, { name: 'open', role: 'VIEWER' })
    const access = await t.access.accounts.accessOf(admin.viewer, user.id)
    expect(access).toMatchObject({ openKeys: 1, openTerminals: 0, isLastAdmin: false })
    expect(access.sessions).toHaveLength(2)
    expect(access.sessions.some(({ current }) => current)).toBe(false)
    for (const id of ['usr_01ARZ3NDEKTSV4RRFFQ69G5FAV', 'x'])
      await expect(t.access.accounts.accessOf(admin.viewer, id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('tells the last administrator from others', async () => {
    const { viewer, user } = await t.join('ADMIN')
    expect(await t.access.accounts.accessOf(viewer, user.id)).toMatchObject({ isLastAdmin: false })
    await t.db.query(`update users set deactivated_at = now() where role = 'ADMIN' and id <> $1`, [user.id])
    expect(await t.access.accounts.accessOf(viewer, user.id)).toMatchObject({ isLastAdmin: true })
    await t.db.query(`update users set deactivated_at = null`)
  })

  it('ends session by session, and others are told', async () => {
    const admin = await t.join('ADMIN')
    const { viewer, user } = await t.join('VIEWER')
    t.told.length = 0
    expect(await t.access.accounts.revokeUserSession(admin.viewer, viewer.sessionId)).toBe(true)
    expect(t.told).toEqual([`session ${viewer.sessionId}`])
    expect((await t.access.accounts.accessOf(admin.viewer, user.id)).sessions).toEqual([])
    await expect(t.access.accounts.revokeUserSession(admin.viewer, viewer.sessionId)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
  })
})
