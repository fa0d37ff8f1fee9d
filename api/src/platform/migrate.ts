// Brings a database up to the migrations of this build; done in one query when it already is.
import type { Query, Store } from './engines/store.ts'
import { readMigrations } from './migrations.ts'
import type { Migration } from './migrations.ts'

interface Row {
  migration_name: string
  checksum: string
  finished_at: Date | null
}

/** Rows of a newer build are left alone: while replicas are updated one by one, an old one may still start. */
const missing = async (query: Query, migrations: Migration[]): Promise<Migration[]> => {
  const [table] = await query<{ exists: boolean }>(`select to_regclass('_prisma_migrations') is not null as exists`)
  if (!table?.exists) return migrations
  const rows = await query<Row>(
    'select migration_name, checksum, finished_at from _prisma_migrations where rolled_back_at is null',
  )
  const done = new Map(rows.map((row) => [row.migration_name, row]))
  return migrations.filter(({ name, checksum }) => {
    const row = done.get(name)
    if (row && !row.finished_at) {
      throw new Error(
        `Expected migration ${name} to be applied, got one that failed halfway: repair the database by hand, ` +
          `then set rolled_back_at in its row of _prisma_migrations.`,
      )
    }
    if (row && row.checksum !== checksum) {
      throw new Error(
        `Expected migration ${name} as it was applied (${row.checksum}), got an edited script (${checksum}).`,
      )
    }
    return !row
  })
}

/** Returns the names of the migrations that were applied now. */
export const migrate = async (store: Store): Promise<string[]> => {
  const migrations = readMigrations()
  if ((await missing(store.query, migrations)).length === 0) return []
  return store.exclusively(async (adapter, query) => {
    // Another replica may have done it while this one waited for its turn.
    if ((await missing(query, migrations)).length === 0) return []
    const { applyMigrations } = await import('./schemaEngine.ts')
    return applyMigrations(adapter)
  })
}
