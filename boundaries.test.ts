// Executes the import rules of docs/architecture.md over the real tree, after showing that each of them can fail.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { violations } from './scripts/kit/boundaries.ts'

const MEMBERS = ['schema', 'api', 'web', 'agent', 'e2e', 'bench', 'scripts']
const LEFT_OUT = /(^|\/)(node_modules|dist|out|generated|gql)\//

function realTree(): Map<string, string> {
  const files = MEMBERS.flatMap((member) =>
    readdirSync(path.join(import.meta.dirname, member), { recursive: true, encoding: 'utf8' }).map(
      (file) => `${member}/${file}`,
    ),
  ).filter((file) => /\.(ts|mts|mjs|vue)$/.test(file) && !LEFT_OUT.test(file))
  return new Map(files.map((file) => [file, readFileSync(path.join(import.meta.dirname, file), 'utf8')]))
}

/** The numbers of the rules that one file breaks. */
function broken(file: string, ...lines: string[]): number[] {
  return violations(new Map([[file, lines.join('\n')]])).map(({ rule }) => rule)
}

test('the tree keeps its rules', () => {
  const files = realTree()
  expect(files.size).toBeGreaterThan(20)
  expect(violations(files).map(({ rule, file, line, says }) => `${file}:${line} rule ${rule}: ${says}`)).toEqual([])
})

test('a violation names its file, its line and what is wrong', () => {
  const files = new Map([['web/src/x.ts', "import a from './a.ts'\n\nimport b from '@sindri/api'"]])
  expect(violations(files)).toEqual([{ rule: 1, file: 'web/src/x.ts', line: 3, says: 'web imports api (@sindri/api)' }])
})

describe('rule 1: columns meet only in schema', () => {
  test.each([
    ['web imports api', 'web/src/pages/A.vue', `<script setup lang="ts">import type { A } from '@sindri/api'</script>`],
    ['api imports agent', 'api/src/app.ts', `import { a } from '@sindri/agent'`],
    ['agent reaches into api by a path', 'agent/src/main.ts', `import { a } from '../../api/src/app.ts'`],
    ['api reaches into schema by a path', 'api/src/app.ts', `import { a } from '../../schema/src/builder.ts'`],
    ['web imports the schema itself', 'web/src/graph/a.ts', `import { schema } from '@sindri/schema'`],
    ['agent imports the schema itself', 'agent/src/a.ts', `const { schema } = await import('@sindri/schema')`],
    ['somebody imports e2e', 'api/src/testing/a.ts', `import { a } from '@sindri/e2e'`],
    ['the contract imports a library', 'schema/src/contract/codes.ts', `import { GraphQLError } from 'graphql'`],
    ['the contract imports its schema', 'schema/src/contract/codes.ts', `import { b } from '../builder.ts'`],
    ['schema imports a database', 'schema/src/alerts.ts', `import { PrismaClient } from '@prisma/client'`],
  ])('%s', (_, file, text) => expect(broken(file, text)).toContain(1))

  test.each([
    ['api imports schema', 'api/src/app.ts', `import { schema } from '@sindri/schema'`],
    ['web imports the contract', 'web/src/a/a.ts', `import { can } from '@sindri/schema/contract/roles'`],
    ['the contract imports itself', 'schema/src/contract/codes.ts', `import { a } from './limits.ts'`],
    ['bench runs what e2e runs', 'bench/a.bench.ts', `import { openWorld } from '@sindri/e2e/kit/world'`],
    ['bench drives a browser', 'bench/a.bench.ts', `import { openPage } from '@sindri/e2e/browser/page'`],
    ['e2e sets up what scripts do', 'e2e/kit/a.ts', `import { openBalancer } from '../../scripts/kit/balancer.ts'`],
    ['e2e imports public entrances', 'e2e/kit/a.ts', `import { createTestApp } from '@sindri/api/testing'`],
  ])('but %s', (_, file, text) => expect(broken(file, text)).toEqual([]))
})

describe('rule 2: in api, enter → main → app → {http, slices, platform}', () => {
  test.each([
    ['a slice imports another slice', 'api/src/alerts/alerts.ts', `import { a } from '../metrics/metrics.ts'`],
    ['a slice imports http', 'api/src/alerts/alerts.ts', `import { a } from '../http/viewer.ts'`],
    ['platform imports a slice', 'api/src/platform/db.ts', `import { a } from '../alerts/alerts.ts'`],
    ['http imports a slice', 'api/src/http/server.ts', `import { a } from '../alerts/alerts.ts'`],
    ['somebody imports app', 'api/src/http/server.ts', `import { a } from '../app.ts'`],
    ['the product imports its tests', 'api/src/alerts/alerts.ts', `import { a } from '../testing/app.ts'`],
  ])('%s', (_, file, text) => expect(broken(file, text)).toEqual([2]))

  test('but app hands out, and a test may look everywhere', () => {
    expect(broken('api/src/app.ts', `import { a } from './alerts/alerts.ts'`)).toEqual([])
    expect(
      broken('api/src/alerts/alerts.ts', `import { a } from './evaluate.ts'`, `import { b } from '../platform/db.ts'`),
    ).toEqual([])
    expect(broken('api/src/alerts/alerts.service.test.ts', `import { a } from '../metrics/metrics.ts'`)).toEqual([])
  })
})

describe('rule 3: a library lives in one room', () => {
  test.each([
    ['a driver', 'api/src/alerts/alerts.ts', 'pg'],
    ['Prisma', 'api/src/http/yoga.ts', '@prisma/client/runtime/client'],
    ['Redis', 'api/src/platform/bus.ts', 'ioredis'],
    ['a socket', 'api/src/terminals/terminals.ts', 'ws'],
    ['the web server', 'api/src/app.ts', 'node:http'],
    ['the PTY', 'agent/src/terminals/session.ts', 'node-pty'],
    ['machine facts', 'agent/src/agent.ts', 'systeminformation'],
    ['the terminal', 'web/src/pages/A.vue', '@xterm/addon-fit'],
    ['charts', 'web/src/metrics/A.vue', 'apexcharts'],
    ['phrases', 'web/src/metrics/A.vue', 'vue-i18n'],
  ])('%s is found elsewhere', (_, file, library) => {
    const text = `import a from '${library}'`
    expect(broken(file, file.endsWith('.vue') ? `<script setup>${text}</script>` : text)).toEqual([3])
  })

  test('but at home, and in tests, it is fine', () => {
    expect(broken('agent/src/terminals/pty.ts', `import { spawn } from 'node-pty'`)).toEqual([])
    expect(broken('api/src/http/server.test.ts', `import WebSocket from 'ws'`)).toEqual([])
    expect(broken('bench/keystroke.bench.ts', `import { spawn } from 'node-pty'`)).toEqual([])
  })
})

describe('rule 4: in web, app → pages → slices → {ui, graph, session}', () => {
  test.each([
    ['a slice imports another', 'web/src/metrics/a.ts', `import { a } from '../instances/a.ts'`],
    ['a slice imports a page', 'web/src/metrics/a.ts', `import A from '../pages/A.vue'`],
    ['ui imports a slice', 'web/src/ui/a.ts', `import { a } from '../metrics/a.ts'`],
    ['a page imports app', 'web/src/pages/a.ts', `import { a } from '../app/router.ts'`],
    ['platform imports graph', 'web/src/platform/a.ts', `import { a } from '../graph/a.ts'`],
    ['words import ui', 'web/src/words/a.ts', `import { a } from '../ui/a.ts'`],
  ])('%s', (_, file, text) => expect(broken(file, text)).toEqual([4]))

  test('but downwards, and inside, is fine', () => {
    expect(broken('web/src/pages/a.ts', `import { a } from '../metrics/a.ts'`)).toEqual([])
    expect(broken('web/src/metrics/a.ts', `import { a } from './b.ts'`, `import { c } from '../ui/c.ts'`)).toEqual([])
    expect(broken('web/src/session/a.ts', `import { a } from '../graph/a.ts'`)).toEqual([])
  })
})

describe('rule 5: environment, time, timers, randomness and output come through platform', () => {
  test.each([
    'process.env.PORT',
    'Date.now()',
    'new Date()',
    'performance.now()',
    'setTimeout(work, 5)',
    'window.setInterval(work, 5)',
    'Math.random()',
    'crypto.randomUUID()',
    'console.log(1)',
    'process.stdout.write(1)',
    '`${Date.now()}`',
  ])('%s', (code) => expect(broken('api/src/alerts/alerts.ts', `const a = ${code}`)).toEqual([5]))

  test('a timer by its module', () => {
    expect(broken('agent/src/agent.ts', `import { setTimeout as later } from 'node:timers/promises'`)).toEqual([5])
  })

  test('but platform, programs and tests own them, and a date of something is no clock', () => {
    for (const file of [
      'api/src/platform/clock.ts',
      'agent/src/main.ts',
      'api/src/alerts/alerts.test.ts',
      'scripts/x.ts',
    ]) {
      expect(broken(file, 'Date.now()')).toEqual([])
    }
    expect(
      broken('api/src/alerts/alerts.ts', 'new Date(at)', 'clock.setTimeout(1)', '// console.log', '"Date.now()"'),
    ).toEqual([])
  })
})

describe('rule 6: no mocks of our own modules, no barrels', () => {
  test.each([
    ['a mock', 'api/src/alerts/alerts.test.ts', `vi.mock('./evaluate.ts')`],
    ['a barrel', 'api/src/alerts/index.ts', `export * from './alerts.ts'\nexport { b } from './evaluate.ts'`],
  ])('%s', (_, file, text) => expect(broken(file, text)).toEqual([6]))

  test('but schema is entered through one, and a file with words of its own is none', () => {
    expect(broken('schema/src/index.ts', `export * from './alerts.ts'`)).toEqual([])
    expect(broken('api/src/alerts/alerts.ts', `export { b } from './evaluate.ts'`, 'export const c = 1')).toEqual([])
  })
})
