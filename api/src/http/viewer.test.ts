// Credentials that were sent count or are refused; none makes somebody else than nobody.
import type { IncomingMessage } from 'node:http'
import type { KeyViewer, Origin, UserViewer } from '@sindri/schema'
import { describe, expect, it } from 'vitest'
import { createFakeClock } from '../platform/clock.fake.ts'
import { BUDGETS, createLimiter } from './limits.ts'
import { createViewers } from './viewer.ts'

const origin: Origin = { ip: '192.0.2.7', userAgent: null, requestId: 'req_1' }
const user: UserViewer = {
  ...origin,
  kind: 'user',
  id: 'usr_1',
  name: 'Ada',
  role: 'VIEWER',
  mustChangePassword: false,
  sessionId: 'ses_1',
}
const key: KeyViewer = { ...origin, kind: 'key', id: 'key_1', name: 'robot', role: 'VIEWER', ownerId: 'usr_1' }

const open = () => {
  const clock = createFakeClock()
  const viewers = createViewers({
    authenticate: {
      session: async (token) => (token === 'good' ? user : null),
      key: async (secret) => (secret === 'sk_good' ? key : null),
    },
    enrolSecret: 'the-bootstrap-secret',
    enrolments: createLimiter(clock, { perSecond: 1, burst: 3 }),
    failedEnrolments: createLimiter(clock, BUDGETS.failedEnrolments),
  })
  const of = (headers: Record<string, string>, from: Origin = origin) =>
    viewers.of({ headers } as unknown as IncomingMessage, from)
  return { clock, of }
}

describe('a request is', () => {
  it('the user of its cookie, among others', async () => {
    const { of } = open()
    expect(await of({ cookie: 'theme=dark; sindri_session=good; sindri_sessions=other' })).toBe(user)
  })

  it.each(['', 'sindri_session=', 'sindri_session=old', 'other=good', 'x_sindri_session=good'])(
    'nobody with the cookie %j',
    async (cookie) => {
      expect(await open().of({ cookie })).toMatchObject({ kind: 'anonymous', ip: origin.ip })
    },
  )

  it('the holder of its key, whatever the cookie says', async () => {
    expect(await open().of({ authorization: 'bearer sk_good', cookie: 'sindri_session=good' })).toBe(key)
  })

  it('refused with a key that is not valid, rather than taken for nobody', async () => {
    await expect(open().of({ authorization: 'Bearer sk_bad', cookie: 'sindri_session=good' })).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    })
  })

  it('an enrolment with the bootstrap secret, as often as the console wants', async () => {
    const { clock, of } = open()
    const enrol = () => of({ authorization: 'Bearer the-bootstrap-secret' })
    for (let i = 0; i < 3; i += 1) expect(await enrol()).toMatchObject({ kind: 'enroller' })
    await expect(enrol()).rejects.toMatchObject({ code: 'RATE_LIMITED', details: { retryAfterMs: 1000 } })
    await clock.advance(1_000)
    expect(await enrol()).toMatchObject({ kind: 'enroller' })
  })

  it('refused for a minute by address after ten wrong secrets, the right one excepted', async () => {
    const { clock, of } = open()
    const guess = (ip: string) =>
      of({ authorization: 'Bearer a-guess' }, { ...origin, ip }).catch((error: { code: string }) => error.code)
    for (let i = 0; i < 10; i += 1) expect(await guess('192.0.2.7')).toBe('UNAUTHENTICATED')
    expect(await guess('192.0.2.7')).toBe('RATE_LIMITED')
    expect(await guess('192.0.2.8')).toBe('UNAUTHENTICATED')
    expect(await of({ authorization: 'Bearer the-bootstrap-secret' })).toMatchObject({ kind: 'enroller' })
    await clock.advance(6_000)
    expect(await guess('192.0.2.7')).toBe('UNAUTHENTICATED')
  })
})
