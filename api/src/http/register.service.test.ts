// Enrolment over REST answers as the mutation does: the same machine, the same refusals, and when to come back.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestApp, type TestApp } from '../testing/app.ts'
import type { Json, Shown } from '../testing/client.ts'

let app: TestApp
let machine: Json
beforeAll(async () => {
  app = await createTestApp()
  machine = (await app.makeAgent({ provider: 'local', tags: [{ key: 'team', value: 'core' }] })).registration
})
afterAll(() => app.close())

interface Answered {
  status: number
  retryAfter: string | null
  challenge: string | null
  errors: Omit<Shown, 'path'>[]
  enrolled: Json | null
}

const QUERY = `mutation ($input: RegisterInstanceInput!) {
  registerInstance(input: $input) { id instanceId agentToken tokenExpiresAt heartbeatSeconds metricsSeconds consoleVersion linkUrl }
}`
const PATHS = { rest: '/api/v1/instances/register', graphql: '/graphql' }

const ask = async (
  way: keyof typeof PATHS,
  body: string,
  headers: Record<string, string> | undefined,
  console: TestApp = app,
): Promise<Answered> => {
  const answer = await console.client().fetch(PATHS[way], {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json',
      ...(headers ?? { authorization: `Bearer ${console.enrolSecret}` }),
    },
    body,
  })
  const { data, errors = [], ...rest } = (await answer.json()) as Json
  return {
    status: answer.status,
    retryAfter: answer.headers.get('retry-after'),
    challenge: answer.headers.get('www-authenticate'),
    // One is asked for by its place in the document, which the other does not have.
    errors: (errors as Shown[]).map(({ message, extensions: { requestId: _, retryAfterMs: __, ...extensions } }) => ({
      message,
      extensions: extensions as Shown['extensions'],
    })),
    enrolled: errors.length > 0 ? null : way === 'rest' ? rest : data.registerInstance,
  }
}
/** Both ways, one after the other. */
const both = async (
  input: unknown,
  headers?: Record<string, string>,
  console?: TestApp,
): Promise<[Answered, Answered]> => [
  await ask('rest', JSON.stringify(input), headers, console),
  await ask('graphql', JSON.stringify({ query: QUERY, variables: { input } }), headers, console),
]

it('a machine gets the same by either way: the members of the mutation, by their names', async () => {
  const [rest, graphql] = await both(machine)
  const fresh = { agentToken: expect.any(String), tokenExpiresAt: expect.any(String) }
  expect(rest.status).toBe(200)
  expect(rest.enrolled).toEqual({ ...graphql.enrolled, ...fresh })
  expect(rest.enrolled).toMatchObject({ id: expect.stringMatching(/^ins_/), heartbeatSeconds: 10, metricsSeconds: 30 })
})

const key = 'A'.repeat(43)
const long = 'x'.repeat(100_000)

describe('a registration that is wrong is refused alike', () => {
  it.each<[name: string, change: Json]>([
    ['without a name', { instanceId: undefined }],
    ['with a name of null', { instanceId: null }],
    ['with an empty name', { instanceId: '' }],
    ['with a name that is a number', { instanceId: 7 }],
    ['with a name of 129 letters', { instanceId: 'x'.repeat(129) }],
    ['with a name of a book', { instanceId: long }],
    ['with a space in its name', { instanceId: 'a b' }],
    ['with a path for a name', { instanceId: '../box' }],
    ['with a name that is SQL', { instanceId: `'; drop table instances; --` }],
    ['with NUL in its name', { instanceId: 'a\0' }],
    ['with a name in another script', { instanceId: 'бокс' }],
    ['with two lines for a name', { instanceId: 'a\nb' }],
    ['without a key', { publicKey: undefined }],
    ['with a key that is short', { publicKey: 'AAAA' }],
    ['with a key that is padded', { publicKey: `${key}=` }],
    ['with a key in the other base64', { publicKey: `${key.slice(1)}/` }],
    ['with a key whose last bits are astray', { publicKey: `${key.slice(1)}B` }],
    ['with a key that is a list', { publicKey: [key] }],
    ['with a key it does not hold', { publicKey: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }],
    ['with a key that is no point of the curve', { publicKey: `${'_'.repeat(42)}8` }],
    ['without a proof', { proof: undefined }],
    ['with a proof that is empty', { proof: '' }],
    ['with a proof of nothing', { proof: 'A'.repeat(86) }],
    ['with a proof of a megabyte', { proof: 'A'.repeat(900_000) }],
    ['with a proof for another name', { instanceId: 'another-box' }],
    ['with a member nobody knows', { root: true }],
    ['with a prototype', JSON.parse('{"__proto__":{"instanceId":"a"}}') as Json],
    ['with tags that are text', { tags: 'a=b' }],
    ['with tags without a value', { tags: [{ key: 'a' }] }],
    [
      'with a tag twice',
      {
        tags: [
          { key: 'a', value: '1' },
          { key: 'a', value: '2' },
        ],
      },
    ],
    ['with too many tags', { tags: Array.from({ length: 65 }, (_, i) => ({ key: `k${i}`, value: '' })) }],
    ['with too many extensions', { extensions: Array.from({ length: 257 }, () => ({ name: 'a', state: 'b' })) }],
    ['with a hash that is none', { yamlHash: 'abc' }],
    ['with a place beyond the pole', { geo: { latitude: 91, longitude: 0 } }],
    ['with a place that is text', { geo: { latitude: '50', longitude: 8 } }],
    ['with a hostname of a book', { hostname: long }],
    ['with NUL in a fact', { region: 'a\0' }],
    ['with a fact that is a list', { os: ['linux', 'bsd'] }],
  ])('%s', async (_, change) => {
    const [rest, graphql] = await both({ ...machine, ...change })
    expect(rest).toEqual(graphql)
    expect(rest).toMatchObject({
      status: 400,
      enrolled: null,
      errors: [{ extensions: { code: 'BAD_INPUT', retry: false } }],
    })
  })

  it.each(['null', '7', '"x"', '[]', '{}', '[{}]'])('being %s', async (body) => {
    const [rest, graphql] = await both(JSON.parse(body))
    expect(rest).toEqual(graphql)
    expect(rest.status).toBe(400)
  })

  it.each<[string, string | Buffer, Record<string, string>, number]>([
    ['no JSON', '{"instanceId": ', {}, 400],
    ['nothing', '', {}, 400],
    ['too much', `{"a":"${'x'.repeat(1_100_000)}"}`, {}, 413],
    ['another content', '{}', { 'content-type': 'text/plain' }, 415],
    ['something compressed', '{}', { 'content-encoding': 'gzip' }, 400],
  ])('being %s', async (_, body, headers, status) => {
    const secret = { authorization: `Bearer ${app.enrolSecret}` }
    const answers = [
      await ask('rest', body.toString(), { ...secret, ...headers }),
      await ask('graphql', body.toString(), { ...secret, ...headers }),
    ]
    expect(answers.map((answer) => answer.status)).toEqual([status, status])
  })
})

describe('who may not', () => {
  it.each<[string, () => Record<string, string>, number, string]>([
    ['comes with nothing', () => ({}), 401, 'UNAUTHENTICATED'],
    ['comes with a wrong secret', () => ({ authorization: 'Bearer not-the-bootstrap-secret' }), 401, 'UNAUTHENTICATED'],
    ['comes with a key that never was', () => ({ authorization: `Bearer sk_${key}` }), 401, 'UNAUTHENTICATED'],
    ['comes with another scheme', () => ({ authorization: `Basic ${app.enrolSecret}` }), 401, 'UNAUTHENTICATED'],
    ['comes with the secret and more', () => ({ authorization: `Bearer ${app.enrolSecret}x` }), 401, 'UNAUTHENTICATED'],
  ])('%s', async (_, headers, status, code) => {
    const [rest, graphql] = await both(machine, headers())
    expect(rest).toEqual(graphql)
    expect(rest).toMatchObject({ status, challenge: 'Bearer', errors: [{ extensions: { code, retry: false } }] })
  })

  it('is an administrator, by cookie or key', async () => {
    const admin = await app.signedIn('ADMIN')
    const { createApiKey } = await admin.ask('mutation { createApiKey(input: { name: "k", role: ADMIN }) { secret } }')
    for (const headers of [
      { cookie: admin.headers.cookie ?? '' },
      { authorization: `Bearer ${createApiKey.secret}` },
    ]) {
      const [rest, graphql] = await both(machine, headers)
      expect(rest).toEqual(graphql)
      expect(rest).toMatchObject({ status: 403, errors: [{ extensions: { code: 'FORBIDDEN' } }] })
    }
  })

  it('is another machine of the same name: it is told when to ask again, and then that it was refused', async () => {
    const { registration: stranger } = await app.makeAgent()
    await app.db.query('update instances set deleted_at = now() where name = $1', [stranger.instanceId])
    const { id } = await app.makeAgent({ instanceId: stranger.instanceId as string })
    const [rest, graphql] = await both(stranger)
    expect(rest).toEqual(graphql)
    expect(rest).toMatchObject({
      status: 409,
      retryAfter: '30',
      errors: [{ extensions: { code: 'INSTANCE_EXISTS', retry: true } }],
    })
    await app.db.query(`update takeover_requests set state = 'REFUSED' where instance_id = $1`, [id])
    const [restAfter, graphqlAfter] = await both(stranger)
    expect(restAfter).toEqual(graphqlAfter)
    expect(restAfter).toMatchObject({
      status: 403,
      retryAfter: null,
      errors: [{ extensions: { code: 'ENROLMENT_REFUSED' } }],
    })
  })

  it('comes too often: told so with Retry-After by either way', async () => {
    const own = await createTestApp({ env: { enrolRate: 2 } })
    try {
      const { registration } = await own.makeAgent()
      await ask('rest', JSON.stringify(registration), undefined, own)
      for (const answer of await both(registration, undefined, own)) {
        expect(answer).toMatchObject({ status: 429, errors: [{ extensions: { code: 'RATE_LIMITED', retry: true } }] })
        expect(Number(answer.retryAfter)).toBeGreaterThan(20)
      }
    } finally {
      await own.close()
    }
  })
})

it('the good machine still enrols, and no defect is in the log', async () => {
  expect((await both(machine)).map(({ status }) => status)).toEqual([200, 200])
  expect(app.log.filter(({ level }) => level === 'error')).toEqual([])
})
