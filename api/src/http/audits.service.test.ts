// GraphQL over HTTP as its specification has it: every audit of graphql-http, asked by a program with a key.
import { serverAudits } from 'graphql-http'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestApp, type TestApp } from '../testing/app.ts'
import type { TestClient } from '../testing/client.ts'

let app: TestApp
let program: TestClient
beforeAll(async () => {
  app = await createTestApp()
  const admin = await app.signedIn('ADMIN')
  const { createApiKey } = await admin.ask('mutation { createApiKey(input: { name: "k", role: VIEWER }) { secret } }')
  program = app.client({ key: createApiKey.secret })
})
afterAll(() => app.close())

const audits = serverAudits({
  url: () => `${app.url}/graphql`,
  fetchFn: (url: string, init: RequestInit = {}) =>
    fetch(url, { ...init, headers: { ...(init.headers as Record<string, string>), ...program.headers } }),
})

it('there are as many audits as there were when all of them were looked at', () => {
  expect(audits).toHaveLength(61)
})

it.each(audits.map((audit) => [`${audit.id} ${audit.name}`, audit] as const))('%s', async (_, audit) => {
  const result = await audit.fn()
  expect(result.status, 'reason' in result ? result.reason : '').toBe('ok')
})
