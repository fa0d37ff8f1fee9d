import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { backend, openTestDb } from '../testing/backend.ts'
import { openDb } from './db.ts'
import { openPglite } from './engines/pglite.ts'
import { openPostgres } from './engines/postgres.ts'
import type { Store } from './engines/store.ts'
import { migrate } from './migrate.ts'
import { readMigrations } from './migrations.ts'

const undo: (() => Promise<void>)[] = []
let url: string | undefined
let embedded: Store | undefined
beforeAll(async () => {
  if (backend === 'embedded') embedded = await openPglite('memory')
  else {
    const db = await openTestDb()
    undo.push(() => db.close())
    url = db.url
  }
})
afterAll(async () => {
  await embedded?.close()
  for (const end of undo.toReversed()) await end()
})

/** As another replica has it; embedded there is only one. */
const another = (): Store => {
  if (embedded) return embedded
  const store = openPostgres(url ?? '', { onError: () => {} })
  undo.push(() => store.close())
  return store
}

/** A database without tables. */
const openEmpty = async (): Promise<Store> => {
  const store = another()
  await store.query('drop schema public cascade')
  await store.query('create schema public')
  return store
}

describe('migrations', () => {
  it('lead from nothing to the tables, and a second start has nothing to do', async () => {
    const store = await openEmpty()
    expect(await migrate(store)).toEqual(readMigrations().map(({ name }) => name))
    expect(await migrate(store)).toEqual([])
    const [row] = await store.query<{ n: number }>(
      `select count(*) as n from pg_tables where schemaname = 'public' and tablename in ('users', 'metric_sample')`,
    )
    expect(row?.n).toBe(2)
  })

  it('apply once when two replicas start at the same moment', async () => {
    const store = await openEmpty()
    const applied = await Promise.all([migrate(store), migrate(another()), migrate(another())])
    expect(applied.flat().toSorted()).toEqual(readMigrations().map(({ name }) => name))
  })

  it('let an older build start on the database of a newer one', async () => {
    const store = await openEmpty()
    await migrate(store)
    await store.query(
      `insert into _prisma_migrations (id, checksum, finished_at, migration_name, applied_steps_count) values ('n', 'n', now(), '29990101000000_next', 1)`,
    )
    expect(await migrate(store)).toEqual([])
  })

  it('say which script was edited after it was applied, and which failed halfway', async () => {
    const store = await openEmpty()
    await migrate(store)
    const [first] = readMigrations()
    await store.query(`update _prisma_migrations set checksum = 'old' where migration_name = $1`, [first?.name])
    await expect(migrate(store)).rejects.toThrow(
      `Expected migration ${first?.name} as it was applied (old), got an edited script`,
    )
    await store.query(`update _prisma_migrations set finished_at = null where migration_name = $1`, [first?.name])
    await expect(migrate(store)).rejects.toThrow(
      `Expected migration ${first?.name} to be applied, got one that failed halfway`,
    )
  })
})

it('a URL of an unknown kind is refused without its password', async () => {
  await expect(openDb('mysql://u:hunter2@db/x')).rejects.toThrow(
    'expected postgres://…, pglite:<folder> or pglite:memory, got mysql://…@db/x',
  )
})
