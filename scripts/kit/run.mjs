// Runs one child to its end: signals are passed on, the exit code comes back, and a quiet child speaks only if it failed.
import { spawn } from 'node:child_process'
import os from 'node:os'

const PASSED_ON = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])

/**
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string | undefined>, quiet?: boolean, leash?: boolean }} [options]
 *   `leash` gives the child an IPC channel: its closing tells the child that we died, however we died.
 * @returns {Promise<number>} the exit code, 128 + n for a child that signal n ended
 */
export function run(command, args, { cwd, env = process.env, quiet = false, leash = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env,
      // A quiet child leads a group of its own, so that a signal reaches what npx or a shell started in between.
      detached: quiet,
      stdio: quiet ? ['ignore', 'pipe', 'pipe'] : ['inherit', 'inherit', 'inherit', ...(leash ? ['ipc'] : [])],
    })
    /** @type {Buffer[]} */
    const said = []
    child.stdout?.on('data', (chunk) => said.push(chunk))
    child.stderr?.on('data', (chunk) => said.push(chunk))

    /** @param {NodeJS.Signals} signal */
    const passOn = (signal) => {
      try {
        if (quiet && child.pid) process.kill(-child.pid, signal)
        else child.kill(signal)
      } catch {
        // It has just ended by itself.
      }
    }
    for (const signal of PASSED_ON) process.on(signal, passOn)
    const settle = () => {
      for (const signal of PASSED_ON) process.off(signal, passOn)
    }
    child.on('error', (error) => {
      settle()
      reject(new Error(`expected to start ${command}, got: ${error.message}`))
    })
    child.on('close', (code, signal) => {
      settle()
      const exit = code ?? 128 + (signal ? os.constants.signals[signal] : 1)
      if (quiet && exit !== 0) process.stderr.write(Buffer.concat(said))
      resolve(exit)
    })
  })
}
