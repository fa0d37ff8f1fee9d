// What must be made before anything runs: each step is stamped by content, so that only the first start pays.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Ended } from './program.ts'
import { capture } from './run.mjs'
import { say } from './say.mjs'
import { once } from './stamp.mjs'

export const root = path.resolve(import.meta.dirname, '../..')

async function must(cwd: string, tool: string, args: string[], env: Record<string, string> = {}): Promise<void> {
  const command = path.join(root, cwd, 'node_modules', '.bin', tool)
  const { code, output } = await capture(command, args, { cwd: path.join(root, cwd), env: { ...process.env, ...env } })
  if (code > 128) throw new Ended(code)
  if (code !== 0) say(`\n${output.trimEnd()}`)
  if (code !== 0) throw new Error(`expected ${[tool, ...args].join(' ')} to succeed in ${cwd}, got exit code ${code}`)
}

/** The typed database client. */
export async function generateClient(): Promise<boolean> {
  return once(root, {
    name: 'generate database client',
    inputs: ['pnpm-lock.yaml', 'api/prisma.config.ts', 'api/prisma/schema'],
    outputs: ['api/src/platform/generated'],
    make: () =>
      must('api', 'prisma', ['generate'], {
        // Generating never runs the engine, it only wants the file to exist; without one it would try to download it.
        PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
        CHECKPOINT_DISABLE: '1',
        PRISMA_HIDE_UPDATE_MESSAGE: '1',
      }),
  })
}

/** The typed documents of web and agent. */
export async function generateDocuments(): Promise<boolean> {
  return once(root, {
    name: 'generate typed documents',
    inputs: [
      'pnpm-lock.yaml',
      'codegen.ts',
      'scripts/kit/textPreset.ts',
      'schema/schema.graphql',
      'web/src',
      'agent/src',
    ],
    only: /\.graphql$/,
    outputs: ['web/src/graph/gql/graphql.ts', 'agent/src/link/gql/graphql.ts'],
    make: () => must('.', 'graphql-codegen', ['--config', 'codegen.ts']),
  })
}

/** schema.graphql as the code prints it; says whether it changed. */
export async function printSchema(): Promise<boolean> {
  const { code, stdout, output } = await capture(process.execPath, [path.join(root, 'schema/src/print.ts')], {
    cwd: root,
  })
  if (code > 128) throw new Ended(code)
  if (code !== 0) throw new Error(`expected schema/src/print.ts to print the schema, got exit code ${code}:\n${output}`)
  const file = path.join(root, 'schema/schema.graphql')
  if (existsSync(file) && readFileSync(file, 'utf8') === stdout) return false
  writeFileSync(file, stdout)
  return true
}

/** The console's page, as the api serves it. */
async function buildWeb(): Promise<boolean> {
  return once(root, {
    name: 'build web',
    inputs: [
      'pnpm-lock.yaml',
      'codegen.ts',
      'schema/schema.graphql',
      'schema/src/contract',
      'tsconfig.base.json',
      ...[
        'src',
        'public',
        'index.html',
        'vite.config.ts',
        'licences.ts',
        'budget.ts',
        'package.json',
        'tsconfig.json',
      ].map((name) => `web/${name}`),
    ],
    outputs: ['web/dist/index.html'],
    make: () => must('web', 'vite', ['build', '--logLevel', 'error']),
  })
}

/** The agent as few files without types: a module that is loaded by itself, and what it was compiled to, stay in memory. */
export async function buildAgent(): Promise<boolean> {
  return once(root, {
    name: 'build agent',
    inputs: ['pnpm-lock.yaml', 'schema/schema.graphql', 'schema/src/contract', 'agent/src', 'agent/package.json'],
    outputs: ['agent/dist/main.js'],
    make: () =>
      must(
        '.',
        'rolldown',
        'agent/src/main.ts --dir agent/dist --cleanDir --format esm --platform node --logLevel silent --chunkFileNames [name].js --external ws --external node-pty/requireBinary.js --external systeminformation'.split(
          ' ',
        ),
      ),
  })
}

/** What runs in another form than it is written in. */
export async function build(): Promise<void> {
  await buildWeb()
  await buildAgent()
}

/** All that console and agent need before they start. */
export async function prepare(): Promise<void> {
  await generateClient()
  await generateDocuments()
  await build()
}
