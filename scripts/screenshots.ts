// `npm run screenshots`: a picture of every screen, light and dark, wide and narrow, into docs/screenshots.
import path from 'node:path'
import { find } from './kit/found.ts'
import { program } from './kit/program.ts'
import { run } from './kit/run.mjs'
import { prepare, root } from './kit/steps.ts'

await program(async () => {
  await prepare()
  const chromium = await find('chromium', process.env)
  if ('why' in chromium) throw new Error(`expected Chromium, got none: ${chromium.why}`)
  const env = { ...process.env, ...chromium.env, SINDRI_SCREENSHOTS: 'docs/screenshots' }
  const vitest = path.join(root, 'node_modules/.bin/vitest')
  return run(vitest, ['run', '--project', 'browser', 'e2e/browser/screens'], { cwd: root, env })
})
