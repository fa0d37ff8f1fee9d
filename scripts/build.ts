// `npm run build`: makes everything the console and the agent run on, and starts nothing; for images and services.
import { noArguments, program } from './kit/program.ts'
import { prepare } from './kit/steps.ts'

await program(async () => {
  noArguments('npm run build')
  await prepare()
  return 0
})
