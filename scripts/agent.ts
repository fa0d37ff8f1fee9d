// `npm run agent`: an agent for this machine, told by the environment which console it belongs to.
import { agentArgv, agentEntry } from './kit/entry.ts'
import { program } from './kit/program.ts'
import { run } from './kit/run.mjs'
import { buildAgent, generateDocuments } from './kit/steps.ts'

await program(async () => {
  await generateDocuments()
  await buildAgent()
  // Whoever started it is gone: then the agent goes, too, told by its own leash.
  process.on('disconnect', () => process.exit(1))
  return run(process.execPath, [...agentArgv, agentEntry, ...process.argv.slice(2)], { leash: true })
})
