// `node api/src/platform/makeMigration.ts <name>` writes the migration that leads from the existing ones to the Prisma schema.
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { openPglite } from './engines/pglite.ts'
import { migrationsDir } from './migrations.ts'
import { applyMigrations, diffToSchema } from './schemaEngine.ts'

const name = process.argv[2] ?? ''
if (!/^[a-z][a-z0-9_]*$/.test(name)) {
  console.error(`name: expected lower-case words joined by underscores, got ${JSON.stringify(name)}`)
  process.exit(2)
}

const store = await openPglite('memory')
const sql = await store.exclusively(async (adapter) => {
  await applyMigrations(adapter)
  return diffToSchema(adapter)
})
await store.close()

if (sql === undefined) {
  console.log('The migrations lead to the Prisma schema already: nothing to write.')
} else {
  const folder = path.join(migrationsDir, `${new Date().toISOString().replace(/\D/g, '').slice(0, 14)}_${name}`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, 'migration.sql'), sql)
  writeFileSync(path.join(migrationsDir, 'migration_lock.toml'), 'provider = "postgresql"\n')
  console.log(`Wrote ${path.join(folder, 'migration.sql')}`)
}

// The schema engine leaves a timer behind that would hold the process for 10 s.
process.exit()
