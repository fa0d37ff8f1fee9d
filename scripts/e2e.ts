// `npm run e2e [-- filter]`: the end-to-end and browser lanes alone, with every word they say.
import path from 'node:path'
import { find } from './kit/found.ts'
import { program } from './kit/program.ts'
import { run } from './kit/run.mjs'
import { prepare, root } from './kit/steps.ts'

await program(async () => {
  await prepare()
  const chromium = await find('chromium', process.env)
  const env = { ...process.env, ...('env' in chromium ? chromium.env : {}) }
  const vitest = path.join(root, 'node_modules/.bin/vitest')
  return run(vitest, ['run', '--project', 'e2e', '--project', 'browser', ...process.argv.slice(2)], { cwd: root, env })
})
