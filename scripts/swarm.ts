// `npm run swarm -- --agents N`: simulated agents that enrol at a running console; Ctrl-C ends them.
import path from 'node:path'
import { program } from './kit/program.ts'
import { run } from './kit/run.mjs'
import { generateDocuments, root } from './kit/steps.ts'

await program(async () => {
  await generateDocuments()
  // Whoever started it is gone: then the swarm goes, too, told by its own leash.
  process.on('disconnect', () => process.exit(1))
  return run(process.execPath, [path.join(root, 'bench/swarm/main.ts'), ...process.argv.slice(2)], { leash: true })
})
