import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { enroller, openAgents, type TestAgents } from '../testing/agents.ts'
import { thumbprintOf } from './agentKeys.ts'

let t: TestAgents
beforeAll(async () => {
  t = await openAgents()
})
afterAll(() => t.close())

const rowOf = (id: string) => t.db.prisma.instance.findUniqueOrThrow({ where: { id } })

describe('enrolment', () => {
  it('makes an instance with the facts of its machine and answers all it needs to link', async () => {
    const machine = t.machine('web-1')
    const enrolled = await machine.enrol({
      provider: 'fly',
      region: ' fra ',
      os: 'linux',
      distro: '',
      tags: [
        { key: 'team', value: 'a' },
        { key: 'env', value: '' },
      ],
      extensions: [{ name: 'nodejs', version: '24', state: 'installed' }],
      bom: [{ name: 'node', version: null, extension: 'nodejs' }],
      yamlHash: 'A'.repeat(64),
      geo: { latitude: 50.1, longitude: 8.7, label: 'Frankfurt' },
    })
    expect(enrolled).toMatchObject({
      instanceId: 'web-1',
      heartbeatSeconds: 10,
      metricsSeconds: 30,
      consoleVersion: '0.1.0',
      linkUrl: 'ws://127.0.0.1:3000/graphql',
    })
    expect(await rowOf(enrolled.id)).toMatchObject({
      name: 'web-1',
      provider: 'fly',
      region: 'fra',
      os: 'linux',
      distro: null,
      arch: null,
      hostname: 'web-1.example',
      tags: { env: '', team: 'a' },
      extensions: [{ name: 'nodejs', version: '24', state: 'installed' }],
      bom: [{ name: 'node', version: null, extension: 'nodejs' }],
      yamlHash: 'a'.repeat(64),
      geo: { latitude: 50.1, longitude: 8.7, label: 'Frankfurt' },
      lifecycle: 'ACTIVE',
      liveness: 'NEVER',
      lastSeenAt: null,
      publicKey: machine.publicKey,
      thumbprint: thumbprintOf(machine.publicKey),
    })
    const [entry] = await t.db.prisma.auditEntry.findMany({ where: { targetId: enrolled.id } })
    expect(entry).toMatchObject({
      actorKind: 'ENROLLER',
      action: 'agent.enrol.registerInstance',
      outcome: 'ALLOWED',
      ip: enroller.ip,
    })
  })

  it('answers a token of 24 h for this key and instance, from a key that all replicas share', async () => {
    const machine = t.machine()
    const enrolled = await machine.enrol()
    const claims = decodeJwt(enrolled.agentToken)
    expect(claims).toMatchObject({
      iss: 'sindri-console',
      sub: enrolled.id,
      cnf: { jkt: thumbprintOf(machine.publicKey) },
    })
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(86_400)
    const others = await Promise.all([t.another(), t.another(), t.another()])
    const tokens = await Promise.all(
      others.map(async ({ agents }) => (await agents.register(enroller, machine.registration())).agentToken),
    )
    expect(new Set(tokens.map((token) => decodeProtectedHeader(token).kid)).size).toBe(1)
    expect(await t.db.prisma.signingKey.count()).toBe(1)
  })

  it('with the same key gives the same instance: facts are new, labels stay', async () => {
    const machine = t.machine()
    const first = await machine.enrol({ tags: [{ key: 'team', value: 'a' }], provider: 'fly', os: 'linux' })
    const second = await machine.enrol({ tags: [{ key: 'team', value: 'b' }], provider: null, region: 'ams' })
    expect(second.id).toBe(first.id)
    expect(await rowOf(first.id)).toMatchObject({ tags: { team: 'a' }, provider: null, region: 'ams', os: 'linux' })
  })

  it('of one name at the same moment is one instance, and of two keys one wins', async () => {
    const machine = t.machine()
    const same = await Promise.all(Array.from({ length: 8 }, () => t.agents.register(enroller, machine.registration())))
    expect(new Set(same.map(({ id }) => id)).size).toBe(1)
    const rivals = Array.from({ length: 6 }, () => t.machine('contested'))
    const answers = await Promise.allSettled(rivals.map((rival) => rival.enrol()))
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const answer of answers)
      if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ code: 'INSTANCE_EXISTS' })
    expect(await t.db.prisma.takeoverRequest.count({ where: { instance: { name: 'contested' } } })).toBe(5)
  })

  it('with another key changes nothing, shows operators who asks, and says so once', async () => {
    const machine = t.machine('held')
    const { id } = await machine.enrol({ provider: 'fly' })
    const stranger = t.machine('held')
    for (let i = 0; i < 3; i++) {
      await expect(stranger.enrol({ hostname: 'stranger.example', provider: 'evil' })).rejects.toMatchObject({
        code: 'INSTANCE_EXISTS',
        details: { retryAfterMs: expect.any(Number) },
      })
    }
    expect(await rowOf(id)).toMatchObject({ provider: 'fly', publicKey: machine.publicKey })
    const requests = await t.db.prisma.takeoverRequest.findMany({ where: { instanceId: id } })
    expect(requests).toMatchObject([
      {
        hostname: 'stranger.example',
        address: enroller.ip,
        state: 'PENDING',
        thumbprint: thumbprintOf(stranger.publicKey),
      },
    ])
    expect(t.events.filter(({ instanceId }) => instanceId === id)).toMatchObject([
      { type: 'ERROR', metadata: { kind: 'TAKEOVER_ASKED', hostname: 'stranger.example' } },
    ])
    await t.db.query(`update takeover_requests set state = 'REFUSED' where instance_id = $1`, [id])
    await expect(stranger.enrol()).rejects.toMatchObject({ code: 'ENROLMENT_REFUSED' })
    expect((await machine.enrol()).id).toBe(id)
  })

  it('keeps no more than 50 requests for one instance', async () => {
    const { id } = await t.machine('popular').enrol()
    for (let i = 0; i < 55; i++)
      await expect(t.machine('popular').enrol()).rejects.toMatchObject({ code: 'INSTANCE_EXISTS' })
    expect(await t.db.prisma.takeoverRequest.count({ where: { instanceId: id } })).toBe(50)
  })

  it('refuses a proof by another key, for another name, or of another form', async () => {
    const machine = t.machine()
    const other = t.machine()
    const refused = (more: object) =>
      expect(t.agents.register(enroller, machine.registration(more))).rejects.toMatchObject({ code: 'BAD_INPUT' })
    await refused({ publicKey: other.publicKey })
    await refused({ instanceId: 'another-name' })
    for (const proof of ['', 'x', 'A'.repeat(86), `${machine.registration().proof}=`, 'é'.repeat(86), null, 7])
      await refused({ proof })
    for (const publicKey of ['', 'A'.repeat(42), 'A'.repeat(44), `${machine.publicKey.slice(0, 42)}+`, null])
      await refused({ publicKey })
    expect(await t.db.prisma.instance.count({ where: { name: machine.name } })).toBe(0)
  })

  it.each([
    ['instanceId', ''],
    ['instanceId', 'x'.repeat(129)],
    ['instanceId', 'a b'],
    ['instanceId', 'a/b'],
    ['instanceId', 'a\0'],
    ['instanceId', 'ü'],
    ['provider', 'x'.repeat(129)],
    ['hostname', 'a\0b'],
    ['yamlHash', 'abc'],
    ['yamlHash', 'g'.repeat(64)],
    ['tags', Array.from({ length: 65 }, (_, i) => ({ key: `k${i}`, value: '' }))],
    ['tags', [{ key: 'a b', value: '' }]],
    ['tags', [{ key: '', value: '' }]],
    ['tags', [{ key: 'k', value: 'x'.repeat(129) }]],
    ['extensions', Array.from({ length: 257 }, () => ({ name: 'x', state: 'y' }))],
    ['extensions', [{ name: '', state: 'y' }]],
    ['bom', [{ name: 'x'.repeat(129) }]],
    ['geo', { latitude: 91, longitude: 0 }],
    ['geo', { latitude: Number.NaN, longitude: 0 }],
    ['sshEndpoint', 'x'.repeat(257)],
  ])('refuses a wrong %s, and names it', async (field, value) => {
    const machine = t.machine()
    const registration = machine.registration({ [field]: value })
    await expect(t.agents.register(enroller, registration)).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringContaining(`input.${field}`),
    })
  })
})
