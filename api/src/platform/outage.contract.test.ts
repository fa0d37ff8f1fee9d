import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { backend, openTestDb } from '../testing/backend.ts'
import type { TestDb } from '../testing/backend.ts'
import { openProxy } from '../testing/proxy.ts'
import type { Proxy } from '../testing/proxy.ts'
import { openDb } from './db.ts'
import type { Db } from './db.ts'

it('a wrong statement is a defect, not an outage', async () => {
  const db = await openTestDb()
  await expect(db.query('select nonsense')).rejects.toMatchObject({ code: '42703' })
  await expect(db.tx((tx) => tx.query('select nonsense'))).rejects.toMatchObject({ code: '42703' })
  await db.close()
})

it('a database that was closed is UNAVAILABLE', async () => {
  const db = await openTestDb()
  await db.close()
  await expect(db.query('select 1')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  await expect(db.prisma.user.count()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
})

// Left out rather than skipped: the embedded database is never elsewhere.
describe.each(backend === 'services' ? ['PostgreSQL'] : [])('%s', () => {
  let direct: TestDb
  let proxy: Proxy
  let db: Db
  const errors: Error[] = []
  beforeAll(async () => {
    direct = await openTestDb()
    proxy = await openProxy(direct.url ?? '')
    db = await openDb(proxy.url, { onError: (error) => errors.push(error), poolSize: 3, statementTimeoutMs: 500 })
  })
  afterAll(async () => {
    await db.close()
    await proxy.close()
    await direct.close()
  })

  const isUp = () =>
    db.query('select 1 as up').then(
      () => true,
      () => false,
    )

  it('that ends all connections, as at a restart, fails what runs as UNAVAILABLE and serves the next', async () => {
    await db.query('select 1')
    const broken = db.tx(async (tx) => {
      await tx.query('select 1')
      await direct.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
      )
      await tx.prisma.user.count()
    })
    await expect(broken).rejects.toMatchObject({ code: 'UNAVAILABLE', details: { retryAfterMs: 2_000 } })
    await expect.poll(isUp).toBe(true)
    expect(await db.prisma.user.count()).toBe(0)
  })

  it('that is away is UNAVAILABLE to models, raw SQL, transactions and changes alike, and is found again when it is back', async () => {
    await proxy.cut()
    const away = { code: 'UNAVAILABLE' }
    await expect(db.query('select 1')).rejects.toMatchObject(away)
    await expect(db.prisma.user.count()).rejects.toMatchObject(away)
    await expect(db.tx((tx) => tx.query('select 1'))).rejects.toMatchObject(away)
    await expect(db.ping()).rejects.toMatchObject(away)
    await expect(db.migrate()).rejects.toMatchObject(away)
    const nothing = db.change({ kind: 'system', name: 'test' }, 'x', { kind: 'y' }, async () => ({ result: 1 }))
    await expect(nothing).rejects.toMatchObject(away)
    await proxy.mend()
    await expect.poll(isUp).toBe(true)
    await db.ping()
    expect(await db.migrate()).toEqual([])
  })

  it('does not let one statement run for ever', async () => {
    await expect(db.query('select pg_sleep(30)')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(await isUp()).toBe(true)
  })
})
