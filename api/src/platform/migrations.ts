// What the database should look like: the migrations and the Prisma schema as they lie on disk, and the tables that Prisma does not see.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const prismaDir = fileURLToPath(new URL('../../prisma', import.meta.url))
export const migrationsDir = path.join(prismaDir, 'migrations')
const schemaDir = path.join(prismaDir, 'schema')

/** Written by SQL alone: partitioned, or filled in bulk past Prisma. A diff leaves them alone. */
export const externalTables = [
  'metric_sample',
  'metric_latest',
  'metric_snapshot',
  'metric_dirty',
  'metric_rollup',
  'metric_gap',
].map((table) => `public.${table}`)

export interface Migration {
  /** Directory name; migrations apply in the order of their names. */
  name: string
  sql: string
  /** sha256 of the script in hex, as `_prisma_migrations` stores it. */
  checksum: string
}

export const readMigrations = (): Migration[] => {
  if (!existsSync(migrationsDir)) return []
  return readdirSync(migrationsDir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
    .map((name) => {
      const sql = readFileSync(path.join(migrationsDir, name, 'migration.sql'), 'utf8')
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
    })
}

export const readSchema = (): { path: string; content: string }[] =>
  readdirSync(schemaDir)
    .filter((name) => name.endsWith('.prisma'))
    .sort()
    .map((name) => ({ path: path.join(schemaDir, name), content: readFileSync(path.join(schemaDir, name), 'utf8') }))
