// The lanes of `npm test` as vitest projects: what belongs to which lane is said here and nowhere else.
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { configDefaults, defineConfig } from 'vitest/config'

const ignored = [...configDefaults.exclude, '**/dist/**', '**/out/**']
const stores = ['api/**/*.contract.test.ts', 'api/**/*.service.test.ts']
const browser = ['e2e/browser/**/*.e2e.ts']

// Vite would pick graphql's development build while its users load the ordinary one; two copies refuse each other's types.
const graphql = fileURLToPath(import.meta.resolve('graphql'))

/**
 * Where both backends run (CI), what lies above the database is proved on one of them. PGlite takes a second to open for each file, and what
 * asks it in its own way (metrics, instances, events, agents, every contract, the main job) runs on both.
 */
const once: Record<string, string[]> = {
  embedded: [
    'api/src/{http,system}/**/*.service.test.ts',
    'api/src/access/{accounts,audited,users}.service.test.ts',
    'e2e/terminals.e2e.ts',
    'e2e/browser/!(main).e2e.ts',
  ],
  services: ['api/src/main.service.test.ts'],
}
/** What takes minutes, pictures or root, and proves nothing that a lane needs: it runs where an argument names it, such as `npm run e2e -- memory`. */
const apart = ['memory', 'large', 'walk']
  .filter((name) => !process.argv.slice(2).some((arg) => arg.includes(name)))
  .map((name) => `e2e/browser/${name}.e2e.ts`)
/** Several consoles need a PostgreSQL and a Redis, and so does whoever takes one of these away. */
const together =
  process.env.SINDRI_TEST_BACKEND === 'services'
    ? []
    : ['e2e/replicas.e2e.ts', 'e2e/outage.e2e.ts', 'e2e/browser/ailing.e2e.ts']
/** It starts services of its own, by programs that are not everywhere where services are; whoever names it hears what is missing. */
const canFail =
  process.argv.slice(2).some((arg) => arg.includes('faults')) ||
  (process.env.SINDRI_TEST_BACKEND === 'services' &&
    (process.env.CI === 'true' || ['/usr/lib/postgresql', '/usr/bin/redis-server'].every((file) => existsSync(file))))
const failing = canFail ? [] : ['e2e/faults/faults.e2e.ts']
const elsewhere = process.env.CI === 'true' ? (once[process.env.SINDRI_TEST_BACKEND ?? ''] ?? []) : []

export default defineConfig({
  resolve: { alias: [{ find: /^graphql$/, replacement: graphql }] },
  test: {
    // Processes, not threads: PTYs, signals, file locks and the working directory belong to a process.
    pool: 'forks',
    // Most of a test's time is waiting for a database or a PTY, so more files than cores run beside one another.
    maxWorkers: Math.max(3, availableParallelism()),
    restoreMocks: true,
    // What is awaited comes at once, or late because the machine is busy; the test's own limit is a little longer.
    expect: { poll: { timeout: 15_000 } },
    teardownTimeout: 10_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['*.test.ts', 'scripts/**/*.test.ts', '{schema,api,agent,web,e2e,bench}/**/*.test.ts'],
          exclude: [...ignored, ...stores],
          testTimeout: 20_000,
        },
      },
      {
        extends: true,
        // A database is made for each file, on a machine that may be busy.
        test: {
          name: 'stores',
          include: stores,
          exclude: [...ignored, ...elsewhere],
          globalSetup: 'api/src/testing/globalSetup.ts',
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        // More than half of such a test is waiting for other processes, so two of them share the machine well.
        test: {
          name: 'e2e',
          include: ['e2e/**/*.e2e.ts'],
          exclude: [...ignored, ...browser, ...elsewhere, ...together, ...failing],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: browser,
          exclude: [...ignored, ...elsewhere, ...apart, ...together],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          maxWorkers: 2,
        },
      },
    ],
  },
})
