// Brings node_modules to what the lockfile says, with a pinned pnpm, and only when something changed or is missing.
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { capture } from './run.mjs'
import { once } from './stamp.mjs'
import { say } from './say.mjs'

const PNPM = 'pnpm@12.21.0'

/** @param {string} root */
export async function install(root) {
  const members = [...readFileSync(path.join(root, 'pnpm-workspace.yaml'), 'utf8').matchAll(/^ {2}- (\S+)$/gm)].map(
    ([, name]) => name,
  )
  const manifests = ['.', ...members].map((member) => path.posix.join(member, 'package.json'))
  try {
    await once(root, {
      name: 'install dependencies',
      inputs: ['pnpm-lock.yaml', 'pnpm-workspace.yaml', '.npmrc', ...manifests],
      // pnpm writes .modules.yaml last; the rest catches a folder that was swept away by hand.
      outputs: [
        'node_modules/.modules.yaml',
        ...members.filter((member) => existsSync(path.join(root, member))).map((member) => `${member}/node_modules`),
      ],
      make: async () => {
        const args = [
          '-y',
          PNPM,
          'install',
          '--frozen-lockfile',
          '--config.confirm-modules-purge=false',
          '--reporter=append-only',
        ]
        const { code, output } = await capture('npx', args, { cwd: root })
        if (code !== 0 && code <= 128) say(`\n${output.trimEnd()}`)
        // Ctrl-C: the user knows.
        if (code > 128) throw Object.assign(new Error(), { exitCode: code })
        if (code !== 0) throw new Error(`expected ${PNPM} to install the dependencies, got exit code ${code}`)
      },
    })
  } catch (error) {
    const { message, exitCode } = /** @type {Error & { exitCode?: number }} */ (error)
    if (message) say(`sindri: ${message}`)
    process.exit(exitCode ?? 1)
  }
}
