// `npm run bench -- NAME [--json] [--embedded]`: one measurement with its bare limit, on the Node that runs everything.
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { embedded, findBackend } from './kit/found.ts'
import { program } from './kit/program.ts'
import { run } from './kit/run.mjs'
import { prepare, root } from './kit/steps.ts'

await program(async () => {
  const [name = '', ...args] = process.argv.slice(2)
  const file = path.join(root, 'bench', `${name}.bench.ts`)
  if (!/^[\w-]+$/.test(name) || !existsSync(file)) {
    const known = readdirSync(path.join(root, 'bench')).flatMap((entry) => /^(.*)\.bench\.ts$/.exec(entry)?.[1] ?? [])
    throw new Error(`bench: expected one of ${known.join(', ') || '(none yet)'}, got "${name}"`)
  }
  await prepare()
  return run(process.execPath, [file, ...args], {
    cwd: root,
    env: { ...process.env, ...(args.includes('--embedded') ? embedded : await findBackend(process.env)) },
  })
})
