// Whether the console's port is free, asked before minutes are spent on a first start; every other fault is left to the console.
import { once } from 'node:events'
import { createServer } from 'node:net'
import { Ended } from './program.ts'
import { say } from './say.mjs'

export async function mustBeFree(env: NodeJS.ProcessEnv): Promise<void> {
  const host = env['HOST']?.trim() || '127.0.0.1'
  const port = Number(env['PORT']?.trim() || 3000)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return
  const server = createServer()
  try {
    server.listen(port, host)
    await once(server, 'listening')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') return
    say(`sindri: PORT: expected a free port, got ${port}, which another program on ${host} uses.`)
    throw new Ended(2)
  } finally {
    server.close()
  }
}
