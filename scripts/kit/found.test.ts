import { createServer } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { find } from './found.ts'

/** A port that nobody listens on: it was ours a moment ago. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

test('a PostgreSQL that does not answer is named with its place and the reason', async () => {
  const port = await closedPort()
  const found = await find('postgres', { TEST_DATABASE_URL: `postgres://someone:secret@127.0.0.1:${port}/postgres` })
  expect(found).toEqual({ why: `no PostgreSQL at 127.0.0.1:${port}: connect ECONNREFUSED 127.0.0.1:${port}` })
})

test('a Redis that does not answer is named with its place and the reason', async () => {
  const port = await closedPort()
  const found = await find('redis', { TEST_REDIS_URL: `redis://127.0.0.1:${port}` })
  expect(found).toEqual({ why: `no Redis at 127.0.0.1:${port}: connect ECONNREFUSED 127.0.0.1:${port}` })
})

test('a Chromium is taken from CHROMIUM_PATH alone where that is set', async () => {
  expect(await find('chromium', { CHROMIUM_PATH: process.execPath })).toEqual({
    env: { CHROMIUM_PATH: process.execPath },
  })
  expect(await find('chromium', { CHROMIUM_PATH: '/no/such' })).toEqual({ why: 'no Chromium at /no/such' })
})
