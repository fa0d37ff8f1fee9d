// The database, the same on PostgreSQL and PGlite: models through Prisma, bulk through raw SQL, and one way to change things on somebody's behalf.
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Viewer } from '@sindri/schema'
import { insertAudit, insertAuditParts } from './auditEntry.ts'
import type { Actor, AuditFacts, Part, Target } from './auditEntry.ts'
import type { PgliteOptions } from './engines/pglite.ts'
import type { Query, Store } from './engines/store.ts'
import { toDbError } from './faults.ts'
import { type Prisma, PrismaClient } from './generated/client.ts'
import { migrate } from './migrate.ts'

/** Prisma's models alone; transactions and raw SQL go through `tx` and `query`. */
export type Models = Omit<PrismaClient, `$${string}`>

export interface Tx {
  prisma: Models
  /** Values are described in engines/values.ts. One statement a call. */
  query: Query
}

export interface TxOptions {
  isolation?: Prisma.TransactionIsolationLevel
  /** Default 15 s. */
  timeoutMs?: number
}

export interface Change<T> {
  result: T
  /** What the audit entry shows; never a secret. */
  before?: unknown
  after?: unknown
  /** Where it is only known now. */
  target?: Target
  /** Of a change of many: an entry for each of these in place of the one. */
  parts?: readonly Part[]
  /** Runs once the change is committed; what it throws is logged, because the change stands. */
  publish?: () => void
}

export interface Db extends Tx {
  kind: Store['kind']
  /** Applies missing migrations and returns their names. */
  migrate(): Promise<string[]>
  /** Inside, use the `tx` that it hands out: the database's own `query` and `prisma` are outside of the transaction, and refuse. */
  tx<T>(fn: (tx: Tx) => Promise<T>, options?: TxOptions): Promise<T>
  /** The only writing transaction on somebody's behalf: its audit entry is written inside, and publishing follows the commit. */
  change<T>(viewer: Viewer | Actor, action: string, target: Target, fn: (tx: Tx) => Promise<Change<T>>): Promise<T>
  /** An entry about what changed nothing: a refusal, a failed sign-in. */
  audit(viewer: Viewer | Actor, facts: AuditFacts): Promise<void>
  ping(): Promise<void>
  /** The database's own clock, in milliseconds since 1970. */
  timeMs(): Promise<number>
  close(): Promise<void>
}

export interface DbOptions extends PgliteOptions {
  /** Told of faults that belong to no call: an idle connection that broke, a publish that threw. */
  onError?: (error: Error) => void
  poolSize?: number
  statementTimeoutMs?: number
}

/** What the running transaction of this async context knows of itself. */
interface Slot {
  query?: Query
  open: boolean
}

const misuse = (method: string): Error =>
  new Error(
    `Expected tx.${method} inside a transaction, got db.${method}: on the embedded database it would wait for itself.`,
  )

/** Only the engine that is used is loaded: the other one is a tenth of a start. */
const openStore = async (url: string, options: DbOptions, onError: (error: Error) => void): Promise<Store> => {
  if (/^postgres(ql)?:\/\//.test(url)) {
    const { openPostgres } = await import('./engines/postgres.ts')
    return openPostgres(url, { ...options, onError })
  }
  if (url.startsWith('pglite:') && url.length > 'pglite:'.length) {
    const { openPglite } = await import('./engines/pglite.ts')
    return openPglite(url.slice('pglite:'.length), options)
  }
  throw new Error(
    `DATABASE_URL: expected postgres://…, pglite:<folder> or pglite:memory, got ${url.replace(/\/\/.*@/, '//…@')}`,
  )
}

/** PostgreSQL is not contacted before the first query; a PGlite folder is opened and locked. */
export const openDb = async (url: string, options: DbOptions = {}): Promise<Db> => {
  const onError = options.onError ?? (() => {})
  const store = await openStore(url, options, onError)
  const slots = new AsyncLocalStorage<Slot>()
  const adapter = store.adapter((query) => {
    const slot = slots.getStore()
    if (slot) slot.query = query
  })
  const faulty = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw toDbError(error)
    }
  }

  const client = new PrismaClient({ adapter, transactionOptions: { maxWait: 10_000, timeout: 15_000 } })
  const prisma = client.$extends({
    query: {
      async $allOperations(call) {
        const { transaction } = (call as unknown as { __internalParams: { transaction?: unknown } }).__internalParams
        if (slots.getStore()?.open && !transaction) throw misuse('prisma')
        return faulty(() => call.query(call.args) as Promise<unknown>)
      },
    },
  })

  const query: Query = (sql, params) => {
    if (slots.getStore()?.open) return Promise.reject(misuse('query'))
    return faulty(() => store.query(sql, params))
  }

  const tx: Db['tx'] = (fn, { isolation, timeoutMs } = {}) => {
    if (slots.getStore()?.open) return Promise.reject(misuse('tx'))
    const slot: Slot = { open: true }
    const run = () =>
      prisma.$transaction(
        async (inner) => {
          const inside = slot.query
          if (!inside) throw new Error('Expected the transaction to hand over its connection, got none.')
          return fn({
            prisma: inner as unknown as Models,
            query: (sql, params) => faulty(() => inside(sql, params)),
          })
        },
        { ...(isolation && { isolationLevel: isolation }), ...(timeoutMs && { timeout: timeoutMs }) },
      )
    return slots.run(slot, () => faulty(run)).finally(() => (slot.open = false))
  }

  return {
    kind: store.kind,
    prisma: prisma as unknown as Models,
    query,
    tx,
    migrate: () => faulty(() => migrate(store)),

    async change(viewer, action, target, fn) {
      const change = await tx(async (inner) => {
        const made = await fn(inner)
        const { before, after, parts } = made
        const facts = { action, target: made.target ?? target, outcome: 'ALLOWED', before, after } as const
        if (parts && parts.length > 0) await insertAuditParts(inner.query, viewer, facts, parts)
        else await insertAudit(inner.query, viewer, facts)
        return made
      })
      try {
        change.publish?.()
      } catch (error) {
        onError(error as Error)
      }
      return change.result
    },

    audit: (viewer, facts) => insertAudit(query, viewer, facts),
    ping: () => faulty(() => store.ping()),
    async timeMs() {
      const [row] = await query<{ ms: number }>('select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms')
      return row?.ms ?? Number.NaN
    },
    async close() {
      await client.$disconnect()
      await store.close()
    },
  }
}
