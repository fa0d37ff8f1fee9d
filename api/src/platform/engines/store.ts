// What either database engine offers to `openDb` and to the migrations.
import type {
  SqlDriverAdapterFactory,
  SqlMigrationAwareDriverAdapterFactory,
  Transaction,
} from '@prisma/driver-adapter-utils'
import type { Prepared } from '../prepared.ts'

export type Query = <T = Record<string, unknown>>(sql: string | Prepared, params?: readonly unknown[]) => Promise<T[]>

export interface Store {
  kind: 'postgres' | 'pglite'
  query: Query
  /** For Prisma's client. Hands each new transaction's own `query` to `onTransaction` before Prisma uses it. */
  adapter(onTransaction: (query: Query) => void): SqlDriverAdapterFactory
  /** Runs `use` while no other process does the same; its scripts may take longer than a query may. */
  exclusively<T>(use: (adapter: SqlMigrationAwareDriverAdapterFactory, query: Query) => Promise<T>): Promise<T>
  /** Resolves once the engine has answered. */
  ping(): Promise<void>
  close(): Promise<void>
}

/** Raised for a statement that comes after its transaction: Prisma's own code for it, so that it maps the same way. */
const ended = () =>
  Object.assign(new Error('Expected a transaction that is open, got one that has ended or timed out.'), {
    code: 'P2028',
  })

/**
 * `query` for as long as the transaction is open. When a transaction times out, its function goes on without knowing; its next raw
 * statement would run on a connection that is free again, or already inside somebody else's transaction.
 */
export const whileOpen = (transaction: Transaction, query: Query): Query => {
  let open = true
  const { commit, rollback, executeRaw } = transaction
  transaction.commit = () => {
    open = false
    return commit.call(transaction)
  }
  transaction.rollback = () => {
    open = false
    return rollback.call(transaction)
  }
  transaction.executeRaw = (statement) => {
    if (/^(COMMIT|ROLLBACK)$/i.test(statement.sql)) open = false
    return executeRaw.call(transaction, statement)
  }
  return (sql, params) => (open ? query(sql, params) : Promise.reject(ended()))
}
