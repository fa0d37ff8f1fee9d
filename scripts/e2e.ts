// `npm run e2e [-- filter]`: the end-to-end and browser lanes alone, with every word they say; `-- faults --minutes 60 --seed 7` lets everything fail for as long.
import path from 'node:path'
import { readFaultRun } from './kit/faultRun.ts'
import { find } from './kit/found.ts'
import { program } from './kit/program.ts'
import { run } from './kit/run.mjs'
import { prepare, root } from './kit/steps.ts'

await program(async () => {
  const faults = readFaultRun(process.argv.slice(2))
  await prepare()
  const chromium = await find('chromium', process.env)
  const env = { ...process.env, ...faults.env, ...('env' in chromium ? chromium.env : {}) }
  const vitest = path.join(root, 'node_modules/.bin/vitest')
  return run(vitest, ['run', '--project', 'e2e', '--project', 'browser', ...faults.args], { cwd: root, env })
})
