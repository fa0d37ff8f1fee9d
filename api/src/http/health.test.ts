// Ready only while the database answers with its migrations; without the bus it serves on, and says so.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Fault } from '@sindri/schema/contract/codes'
import { describe, expect, it } from 'vitest'
import { createFakeClock } from '../platform/clock.fake.ts'
import { silentLog } from '../platform/log.ts'
import { readMigrations } from '../platform/migrations.ts'
import { createReadiness } from '../platform/readiness.ts'
import type { Exchange } from './exchange.ts'
import { createHealth } from './health.ts'

const up = async (): Promise<void> => {}
const down = async (): Promise<void> => {
  throw new Fault('UNAVAILABLE', 'Expected the database to answer.')
}
const silent = (): Promise<void> => new Promise(() => {})
const all = readMigrations().map(({ name }) => ({ name }))

const ask = async (parts: {
  database?: () => Promise<void>
  bus?: () => Promise<void>
  migrations?: { name: string }[]
  stopping?: boolean
}) => {
  const clock = createFakeClock()
  const readiness = createReadiness({
    database: { ping: parts.database ?? up, query: async () => (parts.migrations ?? all) as never },
    bus: { ping: parts.bus ?? up },
    isStopping: () => parts.stopping ?? false,
    clock,
    log: silentLog,
  })
  const health = createHealth(readiness)
  const answer = { status: 0, body: '' }
  const res = {
    setHeader() {},
    writeHead: (status: number) => void (answer.status = status),
    end: (body: Buffer) => void (answer.body = String(body)),
  }
  const exchange = {
    req: {} as IncomingMessage,
    res: res as unknown as ServerResponse,
    path: '/readyz',
    log: silentLog,
  } as Exchange
  const answering = health.ready(exchange)
  await clock.advance(2_000)
  await answering
  return {
    status: answer.status,
    ...(JSON.parse(answer.body) as { state: string; parts: Record<string, { state: string; reason?: string }> }),
  }
}

describe('a console', () => {
  it('is ready when all of it answers', async () => {
    expect(await ask({})).toMatchObject({ status: 200, state: 'ready' })
  })

  it('is not ready without its database', async () => {
    expect(await ask({ database: down })).toMatchObject({
      status: 503,
      state: 'unready',
      parts: { database: { state: 'down', reason: 'Expected the database to answer.' } },
    })
  })

  it('does not tell everybody what a driver says', async () => {
    const refusing = async () => {
      throw new Error('password authentication failed for user "sindri"')
    }
    expect(await ask({ database: refusing })).toMatchObject({
      status: 503,
      parts: { database: { state: 'down', reason: 'the log has the reason' } },
    })
  })

  it('does not wait for a database that says nothing', async () => {
    expect(await ask({ database: silent })).toMatchObject({
      status: 503,
      parts: { database: { state: 'down', reason: 'no answer within 2000 ms' } },
    })
  })

  it('is not ready on a database that lacks a migration', async () => {
    const missing = await ask({ migrations: all.slice(1) })
    expect(missing).toMatchObject({
      status: 503,
      parts: { migrations: { state: 'down', reason: expect.stringContaining(all[0]?.name ?? '') } },
    })
  })

  it('serves on without other replicas, and says that it does', async () => {
    expect(await ask({ bus: down })).toMatchObject({
      status: 200,
      state: 'degraded',
      parts: { bus: { state: 'down' } },
    })
  })

  it('is not ready any more once it goes down', async () => {
    expect(await ask({ stopping: true })).toMatchObject({ status: 503, state: 'unready' })
  })
})
