// What the console says of itself, and the one secret it hands out.
import { PROTOCOL } from '@sindri/schema/contract/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestApp, type TestApp } from '../testing/app.ts'
import { backend } from '../testing/backend.ts'

let app: TestApp
beforeAll(async () => {
  app = await createTestApp()
})
afterAll(() => app.close())

describe('the console', () => {
  it('says which it is, and what it stands on', async () => {
    const { console } = await (
      await app.signedIn('VIEWER')
    ).ask('{ console { version protocolVersion database bus time } }')
    expect(console).toMatchObject({
      version: '0.1.0',
      protocolVersion: `${PROTOCOL.major}.${PROTOCOL.minor}`,
      database: expect.stringMatching(backend === 'services' ? /^PostgreSQL \d+/ : /^PGlite \d+/),
      bus: backend === 'services' ? 'Redis' : 'memory',
    })
  })

  it('says how long it runs on what, and how its parts are at this moment', async () => {
    const { console } = await (
      await app.signedIn('VIEWER')
    ).ask('{ console { nodeVersion startedAt time health { state parts { name isUp reason } } } }')
    expect(console.nodeVersion).toBe(process.versions.node)
    expect(Date.parse(console.startedAt)).toBeLessThan(Date.parse(console.time))
    expect(console.health).toEqual({
      state: 'READY',
      parts: ['DATABASE', 'BUS', 'MIGRATIONS'].map((name) => ({ name, isUp: true, reason: null })),
    })
  })

  it('shows operators its settings without a secret', async () => {
    const { settings } = await (
      await app.signedIn('OPERATOR')
    ).ask('{ settings { variables { variable value isSet isSecret } retention { sampleDays eventDays } } }')
    expect(settings.retention).toEqual({ sampleDays: 30, eventDays: 400 })
    expect(settings.variables).toContainEqual({ variable: 'HOST', value: '127.0.0.1', isSet: false, isSecret: false })
    expect(JSON.stringify(settings)).not.toContain(app.enrolSecret)
    await expect((await app.signedIn('DEVELOPER')).ask('{ settings { retention { eventDays } } }')).rejects.toThrow(
      'FORBIDDEN',
    )
  })

  it('says where agents dial', async () => {
    expect(await (await app.signedIn('VIEWER')).ask('{ enrolment { consoleUrl loopbackOnly } }')).toEqual({
      enrolment: { consoleUrl: app.url, loopbackOnly: true },
    })
    const wide = await createTestApp({ env: { publicUrl: new URL('https://console.example.com') } })
    expect(await (await wide.signedIn('VIEWER')).ask('{ enrolment { consoleUrl loopbackOnly } }')).toEqual({
      enrolment: { consoleUrl: 'https://console.example.com', loopbackOnly: false },
    })
    expect((await (await wide.makeAgent()).enrol()).linkUrl).toBe('wss://console.example.com/graphql')
    await wide.close()
  })

  it('shows the bootstrap secret to operators, and writes down to whom', async () => {
    const operator = await app.signedIn('OPERATOR')
    const { revealEnrolmentSecret } = await operator.ask('mutation { revealEnrolmentSecret }')
    expect(revealEnrolmentSecret).toBe(app.enrolSecret)
    const developer = await app.signedIn('DEVELOPER')
    await expect(developer.ask('mutation { revealEnrolmentSecret }')).rejects.toThrow('FORBIDDEN')
    const entries = await app.db.query<{ actor_id: string; outcome: string; after: unknown }>(
      `select actor_id, outcome, after from audit_entries where action like 'enrolment.reveal%' order by id`,
    )
    expect(entries).toEqual([
      { actor_id: operator.userId, outcome: 'ALLOWED', after: null },
      { actor_id: developer.userId, outcome: 'DENIED', after: null },
    ])
  })
})
