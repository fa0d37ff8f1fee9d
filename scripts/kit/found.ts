// What of the optional is here: a PostgreSQL that lets us make databases, a Redis that answers, a Chromium. Tried, not guessed.
import { accessSync, constants } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'

export type Need = 'postgres' | 'redis' | 'chromium'
/** `env` is what a test needs to reach it; `why` says what was expected and what was got. */
export type Found = { env: Record<string, string> } | { why: string }

const TRY_MS = 2_000
/** The drivers belong to the api: nothing else depends on them. */
const requireFromApi = createRequire(path.resolve(import.meta.dirname, '../../api/package.json'))

export async function find(need: Need, env: NodeJS.ProcessEnv): Promise<Found> {
  if (need === 'postgres')
    return findPostgres(env['TEST_DATABASE_URL'] || 'postgres://postgres@127.0.0.1:5432/postgres')
  if (need === 'redis') return findRedis(env['TEST_REDIS_URL'] || 'redis://127.0.0.1:6379')
  return findChromium(env['CHROMIUM_PATH'])
}

export const embedded = { SINDRI_TEST_BACKEND: 'embedded' }

/** PostgreSQL and Redis where both are found, as a large fleet has them; otherwise what the console brings. */
export async function findBackend(env: NodeJS.ProcessEnv): Promise<Record<string, string>> {
  const [postgres, redis] = await Promise.all([find('postgres', env), find('redis', env)])
  const both = 'env' in postgres && 'env' in redis
  return both ? { SINDRI_TEST_BACKEND: 'services', ...postgres.env, ...redis.env } : embedded
}

async function findPostgres(url: string): Promise<Found> {
  type Client = {
    connect(): Promise<void>
    query(sql: string): Promise<{ rows: { may: boolean }[] }>
    end(): Promise<void>
  }
  const { Client } = requireFromApi('pg') as { Client: new (options: object) => Client }
  const client = new Client({ connectionString: url, connectionTimeoutMillis: TRY_MS })
  try {
    await client.connect()
    const { rows } = await client.query(
      'SELECT rolcreatedb OR rolsuper AS may FROM pg_roles WHERE rolname = current_user',
    )
    return rows[0]?.may
      ? { env: { TEST_DATABASE_URL: url } }
      : { why: `PostgreSQL at ${place(url)}: the user may not create databases` }
  } catch (error) {
    return { why: `no PostgreSQL at ${place(url)}: ${reason(error)}` }
  } finally {
    await client.end().catch(() => {})
  }
}

async function findRedis(url: string): Promise<Found> {
  type Redis = {
    on(event: 'error', heard: () => void): void
    connect(): Promise<void>
    ping(): Promise<string>
    disconnect(): void
  }
  const { Redis } = requireFromApi('ioredis') as { Redis: new (url: string, options: object) => Redis }
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: TRY_MS,
    commandTimeout: TRY_MS,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
  })
  let lastError: unknown
  redis.on('error', (error?: unknown) => (lastError = error))
  try {
    await redis.connect()
    await redis.ping()
    return { env: { TEST_REDIS_URL: url } }
  } catch (error) {
    return { why: `no Redis at ${place(url)}: ${reason(lastError ?? error)}` }
  } finally {
    redis.disconnect()
  }
}

function findChromium(asked: string | undefined): Found {
  const usual = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'].map(
    (name) => `/usr/bin/${name}`,
  )
  const candidates = asked ? [asked] : [...usual, '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome']
  const file = candidates.find(isExecutable)
  return file
    ? { env: { CHROMIUM_PATH: file } }
    : { why: `no Chromium at ${asked ?? '/usr/bin (CHROMIUM_PATH names another)'}` }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function place(url: string): string {
  try {
    return new URL(url).host
  } catch {
    return url
  }
}

/** An AggregateError, as one failed connection to several addresses gives, has no message of its own. */
function reason(error: unknown): string {
  const { message, code } = error as { message?: string; code?: string }
  return message || code || String(error)
}
