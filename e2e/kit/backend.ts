// Gives each world its own database and bus: embedded in a temporary folder, or throw-away ones on real services.
import { randomBytes } from 'node:crypto'
import pg from 'pg'

export interface Backend {
  /** Variables that point the console at it. */
  env: Record<string, string>
  /** The database for a look of our own; null where only the console may open it. */
  databaseUrl: string | null
  drop(): Promise<void>
}

export const services = process.env.SINDRI_TEST_BACKEND === 'services'

const adminUrl = process.env.TEST_DATABASE_URL || 'postgres://postgres@127.0.0.1:5432/postgres'
const redisUrl = process.env.TEST_REDIS_URL || 'redis://127.0.0.1:6379'

const asAdmin = async (sql: string): Promise<void> => {
  const client = new pg.Client({ connectionString: adminUrl })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

export async function openBackend(): Promise<Backend> {
  if (!services) return { env: {}, databaseUrl: null, drop: async () => {} }
  const name = `sindri_e2e_${randomBytes(6).toString('hex')}`
  await asAdmin(`create database ${name}`)
  const url = new URL(adminUrl)
  url.pathname = `/${name}`
  return {
    // Topics carry random ids only, so that consoles of different tests do not meet on one Redis.
    env: { DATABASE_URL: url.href, REDIS_URL: redisUrl },
    databaseUrl: url.href,
    drop: () => asAdmin(`drop database if exists ${name} with (force)`),
  }
}
