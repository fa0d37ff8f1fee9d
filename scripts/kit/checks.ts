// The checks of `npm run check`: each a program that judges, and for some the program that puts things right.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { capture } from './run.mjs'
import { printSchema, root } from './steps.ts'

export interface Check {
  name: string
  /** Null: nothing to check yet. */
  judge: (() => Promise<Verdict>) | null
  repair?: () => Promise<Verdict>
}
export interface Verdict {
  code: number
  output: string
}

const bin = (member: string, tool: string): string => path.join(root, member, 'node_modules/.bin', tool)
const tool =
  (name: string, ...args: string[]) =>
  () =>
    capture(bin('.', name), args, { cwd: root })

function types(member: string): Check {
  const hasFiles = readdirSync(path.join(root, member), { recursive: true, encoding: 'utf8' }).some(
    (file) => file.endsWith('.ts') && !file.includes('node_modules'),
  )
  const name = `types ${member === '.' ? 'root' : member}`
  if (!hasFiles || !existsSync(path.join(root, member, 'tsconfig.json'))) return { name, judge: null }
  // Vue files need vue-tsc, and that needs the older TypeScript that web has for itself.
  const compiler = member === 'web' ? bin('web', 'vue-tsc') : bin('.', 'tsc')
  return { name, judge: () => capture(compiler, ['-p', '.'], { cwd: path.join(root, member) }) }
}

const schemaFile = path.join(root, 'schema/schema.graphql')

async function judgeSchema(): Promise<Verdict> {
  const { code, stdout, output } = await capture(process.execPath, [path.join(root, 'schema/src/print.ts')], {
    cwd: root,
  })
  if (code !== 0) return { code, output }
  if (existsSync(schemaFile) && readFileSync(schemaFile, 'utf8') === stdout) return { code: 0, output: '' }
  return {
    code: 1,
    output: 'schema/schema.graphql is not what the code prints: run `npm run check -- --fix` and commit it',
  }
}

async function repairSchema(): Promise<Verdict> {
  await printSchema()
  return { code: 0, output: '' }
}

async function judgeImages(): Promise<Verdict> {
  const [dockerfile = '', compose = ''] = ['Dockerfile', 'docker-compose.yml'].map((file) =>
    readFileSync(path.join(root, file), 'utf8'),
  )
  // Loaded here, for it takes a while.
  const { composeFaults, dockerfileFaults, targetFaults } = await import('./images.ts')
  const faults = [
    ...dockerfileFaults(dockerfile, root),
    ...targetFaults(dockerfile, ['console', 'agent']),
    ...composeFaults(compose, dockerfile),
  ]
  return { code: faults.length > 0 ? 1 : 0, output: faults.join('\n') }
}

/** The slow ones first: they run side by side, and nobody should wait for one that started last. */
export function checks(): Check[] {
  return [
    types('web'),
    { name: 'lint', judge: tool('oxlint', '--type-aware'), repair: tool('oxlint', '--type-aware', '--fix') },
    types('api'),
    { name: 'unused', judge: tool('knip', '--no-progress') },
    { name: 'boundaries', judge: tool('vitest', 'run', '--project', 'unit', '--reporter=dot', 'boundaries.test.ts') },
    ...['schema', 'agent', 'e2e', 'bench', '.'].map(types),
    { name: 'schema drift', judge: judgeSchema, repair: repairSchema },
    { name: 'format', judge: tool('oxfmt', '--check'), repair: tool('oxfmt') },
    { name: 'images', judge: judgeImages },
    { name: 'shell', judge: () => capture('bash', ['-n', '.ci/run'], { cwd: root }) },
  ]
}
