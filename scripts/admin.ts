// `npm run admin -- reset-password [email]`: what an administrator does from the machine itself.
import path from 'node:path'
import { program } from './kit/program.ts'
import { run } from './kit/run.mjs'
import { generateClient, root } from './kit/steps.ts'

await program(async () => {
  await generateClient()
  const env = { ...process.env, SINDRI_DATA_DIR: path.resolve(root, process.env['SINDRI_DATA_DIR'] ?? '.data') }
  return run(process.execPath, [path.join(root, 'api/src/admin.ts'), ...process.argv.slice(2)], { env })
})
