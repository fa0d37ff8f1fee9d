// Makes `npm start`, `npm test` and their like work on a fresh clone: Node >= 20.19 and npm are all that must be there.
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { install } from './kit/install.mjs'
import { run } from './kit/run.mjs'
import { enteredAt } from './kit/since.mjs'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const [command = 'start', ...args] = process.argv.slice(2)
const [major, minor] = process.versions.node.split('.').map(Number)

if (major < 20 || (major === 20 && minor < 19)) fail(`expected Node 20.19 or newer, got ${process.versions.node}`)
const program = path.join(root, 'scripts', `${command}.ts`)
if (!existsSync(program)) fail(`expected a command with a file scripts/<command>.ts, got "${command}"`)

process.chdir(root)
await install(root)

// Everything after the install runs on the Node that the lockfile names, whatever Node the machine has.
const bin = path.join(root, 'node_modules', '.bin')
const pinned = path.join(bin, 'node')
const node = existsSync(pinned) ? pinned : process.execPath
if (node === process.execPath && major < 24) {
  fail(
    `expected Node 24: none was installed for ${process.platform}-${process.arch}, and this one is ${process.versions.node}`,
  )
}
const env = {
  ...process.env,
  PATH: `${bin}${path.delimiter}${process.env.PATH ?? ''}`,
  ...(command === 'start' && { SINDRI_ENTERED_AT: String(enteredAt()) }),
}
process.exit(await run(node, [program, ...args], { env, leash: ['start', 'dev', 'agent', 'swarm'].includes(command) }))

/** @param {string} message */
function fail(message) {
  console.error(`sindri: ${message}`)
  process.exit(2)
}
