// `npm run screenshots`: a picture of every screen, light and dark, wide and narrow, into docs/screenshots. With `-- --agents N`: of those
// screens where size matters, with so many simulated agents, into e2e/out.
import path from 'node:path'
import { parseArgs } from 'node:util'
import { find, findBackend } from './kit/found.ts'
import { program } from './kit/program.ts'
import { run } from './kit/run.mjs'
import { prepare, root } from './kit/steps.ts'

await program(async () => {
  const { agents } = parseArgs({ options: { agents: { type: 'string' } } }).values
  if (agents !== undefined && !/^([1-9]\d{2,3}|1\d{4}|20000)$/.test(agents))
    throw new Error(`--agents: expected a whole number from 100 to 20000, got ${JSON.stringify(agents)}`)
  await prepare()
  const chromium = await find('chromium', process.env)
  if ('why' in chromium) throw new Error(`expected Chromium, got none: ${chromium.why}`)
  const own = agents
    ? { ...(await findBackend(process.env)), SINDRI_AGENTS: agents, SINDRI_SCREENSHOTS: 'e2e/out' }
    : { SINDRI_SCREENSHOTS: 'docs/screenshots' }
  const env = { ...process.env, ...chromium.env, ...own }
  const vitest = path.join(root, 'node_modules/.bin/vitest')
  const screens = agents ? 'e2e/browser/large' : 'e2e/browser/screens'
  return run(vitest, ['run', '--project', 'browser', screens], { cwd: root, env })
})
