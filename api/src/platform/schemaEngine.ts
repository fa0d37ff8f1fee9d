// Prisma's schema engine as WebAssembly: applies and writes migrations on either database, with nothing to download.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import type { SqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg'
import type { MigrationList, SchemaEngine } from '@prisma/schema-engine-wasm/schema_engine_bg'
import { externalTables, migrationsDir, readMigrations, readSchema } from './migrations.ts'
import type { Migration } from './migrations.ts'

const filters = { externalTables, externalEnums: [] }

/** The part of WebAssembly's interface that is needed; Node's own types leave it to the browser's. */
interface WasmHost {
  instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: { __wbindgen_start(): void } } }>
}

/** 100 ms and some memory, so only who has a migration to apply or to write pays for it. It leaves a timer of 10 s behind. */
const loadEngine = async (): Promise<void> => {
  const file = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg')
  const wasm = readFileSync(file.replace(/\.js$/, '.wasm'))
  const { WebAssembly } = globalThis as unknown as { WebAssembly: WasmHost }
  const { instance } = await WebAssembly.instantiate(wasm, { './schema_engine_bg.js': bindings })
  ;(bindings as unknown as { __wbg_set_wasm(exports: object): void }).__wbg_set_wasm(instance.exports)
  instance.exports.__wbindgen_start()
}

let loaded: Promise<void> | undefined

const toList = (migrations: Migration[]): MigrationList => ({
  baseDir: migrationsDir,
  shadowDbInitScript: '',
  lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' },
  migrationDirectories: migrations.map(({ name, sql }) => ({
    path: name,
    migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: sql } },
  })),
})

const withEngine = async <T>(
  adapter: SqlMigrationAwareDriverAdapterFactory,
  use: (engine: SchemaEngine) => Promise<T>,
): Promise<T> => {
  await (loaded ??= loadEngine())
  const datamodels = readSchema().map((file): [string, string] => [file.path, file.content])
  const engine = await bindings.SchemaEngine.new({ datamodels }, () => {}, bindMigrationAwareSqlAdapterFactory(adapter))
  try {
    return await use(engine)
  } finally {
    engine.free()
  }
}

/** Applies what is missing, in order, and returns its names. A script that fails stops it and stays marked as failed. */
export const applyMigrations = (adapter: SqlMigrationAwareDriverAdapterFactory): Promise<string[]> =>
  withEngine(adapter, async (engine) => {
    const applied = await engine.applyMigrations({ migrationsList: toList(readMigrations()), filters })
    return applied.appliedMigrationNames
  })

/**
 * SQL that turns the adapter's database into the Prisma schema; undefined when they agree already. On PGlite alone: the adapter of
 * PostgreSQL cannot read one column of the catalogue.
 */
export const diffToSchema = (adapter: SqlMigrationAwareDriverAdapterFactory): Promise<string | undefined> =>
  withEngine(adapter, async (engine) => {
    const files = readSchema()
    const difference = await engine.diff({
      from: { tag: 'schemaDatasource', files, configDir: migrationsDir },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: true,
      filters,
    })
    return difference.exitCode === 2 ? (difference.stdout ?? '') : undefined
  })
