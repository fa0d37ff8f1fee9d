// PostgreSQL behind a pool that survives its restarts: a query fails while the server is away, and works again once it is back.
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { whileOpen } from './store.ts'
import type { Prepared } from '../prepared.ts'
import type { Query, Store } from './store.ts'
import { parsers, toParam } from './values.ts'

export interface PostgresOptions {
  /** Connections of this replica. */
  poolSize?: number
  statementTimeoutMs?: number
  onError: (error: Error) => void
}

/** Any number: every console process of one database waits on the same. */
const migrationLock = 7_305_412

type Runs = { query(config: pg.QueryConfig & { queryMode?: 'extended' }): Promise<pg.QueryResult> }

const queryOn =
  (runs: Runs): Query =>
  async <T>(sql: string | Prepared, params: readonly unknown[] = []) => {
    const result = await runs.query({
      ...(typeof sql === 'string' ? { text: sql } : sql),
      values: params.map(toParam),
      // One statement per query, as on PGlite.
      queryMode: 'extended',
      types: { getTypeParser: (oid: number) => parsers[oid] ?? String },
    })
    return result.rows as T[]
  }

export const openPostgres = (url: string, options: PostgresOptions): Store => {
  const given = new URL(url).searchParams.get('options')
  const target = new URL(url)
  // Both adapters of Prisma write and read timestamps without their zone: the session must be in UTC.
  target.searchParams.set('options', `${given ? `${given} ` : ''}-c TimeZone=UTC`)
  const base = {
    connectionString: target.href,
    application_name: 'sindri-console',
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
  }
  const statementTimeoutMs = options.statementTimeoutMs ?? 30_000
  const pool = new pg.Pool({
    ...base,
    max: options.poolSize ?? 10,
    idleTimeoutMillis: 30_000,
    statement_timeout: statementTimeoutMs,
    // The server's own timeout cannot fire when the network eats its answer.
    query_timeout: statementTimeoutMs + 5_000,
    idle_in_transaction_session_timeout: 60_000,
  })
  pool.on('error', options.onError)

  return {
    kind: 'postgres',
    query: queryOn(pool),

    adapter(onTransaction) {
      const factory = new PrismaPg(pool)
      return {
        provider: factory.provider,
        adapterName: factory.adapterName,
        async connect() {
          const adapter = await factory.connect()
          const start = adapter.startTransaction.bind(adapter)
          adapter.startTransaction = async (isolation) => {
            const transaction = await start(isolation)
            onTransaction(whileOpen(transaction, queryOn((transaction as unknown as { client: pg.PoolClient }).client)))
            return transaction
          }
          return adapter
        },
      }
    },

    async exclusively(use) {
      const client = new pg.Client(base)
      client.on('error', options.onError)
      await client.connect()
      const scripts = new pg.Pool({ ...base, max: 1 })
      scripts.on('error', options.onError)
      try {
        await client.query('select pg_advisory_lock($1)', [migrationLock])
        const factory = new PrismaPg(scripts)
        const connect = async () => {
          const adapter = await factory.connect()
          // The adapter's own splits at every semicolon, even inside a string; the server splits better.
          adapter.executeScript = async (script) => void (await scripts.query(script))
          return adapter
        }
        return await use(
          { provider: factory.provider, adapterName: factory.adapterName, connect, connectToShadowDb: connect },
          queryOn(client),
        )
      } finally {
        // The lock belongs to the session and ends with it.
        await client.end().catch(options.onError)
        await scripts.end().catch(options.onError)
      }
    },

    async ping() {
      await pool.query('select 1')
    },

    close: () => pool.end(),
  }
}
