// `npm run agent`: an agent for this machine, told by the environment which console it belongs to.
import path from 'node:path'
import { program } from './kit/program.ts'
import { run } from './kit/run.mjs'
import { generateDocuments, root } from './kit/steps.ts'

await program(async () => {
  await generateDocuments()
  // Whoever started it is gone: then the agent goes, too, told by its own leash.
  process.on('disconnect', () => process.exit(1))
  return run(process.execPath, [path.join(root, 'agent/src/enter.mjs'), ...process.argv.slice(2)], { leash: true })
})
