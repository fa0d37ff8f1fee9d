// What either database engine offers to `openDb` and to the migrations.
import type { SqlDriverAdapterFactory, SqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils'

export type Query = <T = Record<string, unknown>>(sql: string, params?: readonly unknown[]) => Promise<T[]>

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
