// The one place where tests choose their database and bus: embedded (PGlite, memory) or services (PostgreSQL, Redis).
import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import type { Bus } from '../platform/bus.ts'
import { systemClock } from '../platform/clock.ts'
import { openDb } from '../platform/db.ts'
import type { Db, DbOptions } from '../platform/db.ts'
import { openPglite } from '../platform/engines/pglite.ts'
import { migrate } from '../platform/migrate.ts'
import { readMigrations } from '../platform/migrations.ts'
import { openBus } from '../platform/openBus.ts'
import type { RedisEngineOptions } from '../platform/engines/redis.ts'

export type Backend = 'embedded' | 'services'

const env = process.env
export const backend: Backend = env.SINDRI_TEST_BACKEND === 'services' ? 'services' : 'embedded'
const testDatabaseUrl = env.TEST_DATABASE_URL || 'postgres://postgres@127.0.0.1:5432/postgres'

export interface TestDb extends Db {
  /** What `openDb` was given, for a second replica on the same database; undefined for the embedded one, which has one process. */
  url: string | undefined
}

const stamp = createHash('sha256')
  .update(
    readMigrations()
      .map(({ name, checksum }) => name + checksum)
      .join('\n'),
  )
  .digest('hex')
  .slice(0, 12)

/** A migrated PGlite as an archive, made once for these migrations: opening it takes 0.3 s instead of 2 s. */
const embeddedTemplate = async (): Promise<Blob> => {
  const folder = fileURLToPath(new URL('../../node_modules/.cache/sindri', import.meta.url))
  const file = path.join(folder, `pglite-${stamp}.tar`)
  try {
    return new Blob([readFileSync(file)])
  } catch {
    const store = await openPglite('memory')
    await migrate(store)
    const archive = await store.dump()
    await store.close()
    mkdirSync(folder, { recursive: true })
    const draft = `${file}.${randomBytes(6).toString('hex')}`
    writeFileSync(draft, Buffer.from(await archive.arrayBuffer()))
    renameSync(draft, file)
    return archive
  }
}

const withDatabase = (name: string): string => {
  const url = new URL(testDatabaseUrl)
  url.pathname = `/${name}`
  return url.href
}

const asAdmin = async <T>(use: (client: pg.Client) => Promise<T>): Promise<T> => {
  const client = new pg.Client({ connectionString: testDatabaseUrl })
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

const templatePrefix = 'sindri_test_template_'

/** Who copies or makes a template holds this; so none vanishes under a copy. */
const templateLock = 'select pg_advisory_lock(7305413)'

const dropTemplates = async (client: pg.Client): Promise<void> => {
  const { rows } = await client.query<{ name: string }>(
    'select datname as name from pg_database where starts_with(datname, $1)',
    [templatePrefix],
  )
  for (const { name } of rows) await client.query(`drop database if exists ${name} with (force)`)
}

/** For the end of a run: what stays otherwise is one small database. */
export const dropTestTemplates = (): Promise<void> =>
  asAdmin(async (client) => {
    await client.query(templateLock)
    await dropTemplates(client)
  })

/** Copied from a migrated template that is made once; a lock keeps parallel files from making it twice. */
const servicesDatabase = (): Promise<string> =>
  asAdmin(async (client) => {
    const template = `${templatePrefix}${stamp}`
    await client.query(templateLock)
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [template])
    if (!rowCount) {
      const draft = `${template}_draft`
      await dropTemplates(client)
      await client.query(`create database ${draft}`)
      const db = await openDb(withDatabase(draft))
      await db.migrate()
      await db.close()
      await client.query(`alter database ${draft} rename to ${template}`)
    }
    const name = `sindri_test_${randomBytes(6).toString('hex')}`
    await client.query(`create database ${name} template ${template}`)
    return name
  })

/** A migrated database of its own; `close` also drops it. */
export const openTestDb = async (options: DbOptions = {}): Promise<TestDb> => {
  if (backend === 'embedded') {
    const db = await openDb('pglite:memory', { ...options, loadDataDir: await embeddedTemplate() })
    return { ...db, url: undefined }
  }
  const name = await servicesDatabase()
  const url = withDatabase(name)
  const db = await openDb(url, options)
  return {
    ...db,
    url,
    async close() {
      await db.close()
      await asAdmin((client) => client.query(`drop database if exists ${name} with (force)`))
    },
  }
}

export const testRedisUrl = env.TEST_REDIS_URL || 'redis://127.0.0.1:6379'

export interface TestBus extends Bus {
  /** Another replica's end of the same bus; undefined for the embedded one, which has one process. Closed with the first. */
  another: (() => Promise<Bus>) | undefined
  /** Before the names of its channels in Redis. */
  prefix: string
}

/** A bus that shares nothing with other test files. */
export const openTestBus = async (options: Partial<RedisEngineOptions> = {}): Promise<TestBus> => {
  const prefix = `sindri_test_${randomBytes(6).toString('hex')}/`
  const open = () =>
    openBus(backend === 'services' ? testRedisUrl : undefined, {
      clock: systemClock,
      onError: () => {},
      prefix,
      ...options,
    })
  const others: Bus[] = []
  const first = await open()
  const another = async (): Promise<Bus> => {
    const bus = await open()
    others.push(bus)
    return bus
  }
  return {
    ...first,
    prefix,
    another: backend === 'services' ? another : undefined,
    async close() {
      await Promise.all([first, ...others].map((bus) => bus.close()))
    },
  }
}
