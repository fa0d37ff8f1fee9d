// Runs one child to its end: signals are passed on, and its exit code comes back.
import { spawn } from 'node:child_process'
import os from 'node:os'

const PASSED_ON = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])

/** @typedef {{ cwd?: string, env?: Record<string, string | undefined> }} Surroundings */

/**
 * On our own terminal. `leash` gives the child an IPC channel: its closing tells the child that we died, however we died.
 * @param {string} command
 * @param {string[]} args
 * @param {Surroundings & { leash?: boolean }} [options]
 * @returns {Promise<number>} the exit code, 128 + n for a child that signal n ended
 */
export function run(command, args, { cwd, env = process.env, leash = false } = {}) {
  const stdio = leash ? ['inherit', 'inherit', 'inherit', 'ipc'] : 'inherit'
  const child = spawn(command, args, {
    cwd,
    env,
    stdio: /** @type {import('node:child_process').StdioOptions} */ (stdio),
  })
  return ending(command, child, (signal) => child.kill(signal))
}

/**
 * Without a terminal, its words kept for whoever wants them.
 * @param {string} command
 * @param {string[]} args
 * @param {Surroundings} [options]
 * @returns {Promise<{ code: number, stdout: string, output: string }>} `output` is stdout and stderr as they came
 */
export async function capture(command, args, { cwd, env = process.env } = {}) {
  // It leads a group of its own, so that a signal reaches what npx or a shell started in between.
  const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  /** @type {Buffer[]} */
  const stdout = []
  /** @type {Buffer[]} */
  const output = []
  child.stdout.on('data', (chunk) => void (stdout.push(chunk), output.push(chunk)))
  child.stderr.on('data', (chunk) => void output.push(chunk))
  const code = await ending(command, child, (signal) => child.pid && process.kill(-child.pid, signal))
  return { code, stdout: Buffer.concat(stdout).toString(), output: Buffer.concat(output).toString() }
}

/**
 * @param {string} command
 * @param {import('node:child_process').ChildProcess} child
 * @param {(signal: NodeJS.Signals) => unknown} kill
 * @returns {Promise<number>}
 */
function ending(command, child, kill) {
  /** @param {NodeJS.Signals} signal */
  const passOn = (signal) => {
    try {
      kill(signal)
    } catch {
      // It has just ended by itself.
    }
  }
  for (const signal of PASSED_ON) process.on(signal, passOn)
  return new Promise((resolve, reject) => {
    child.on('error', (error) => reject(new Error(`expected to start ${command}, got: ${error.message}`)))
    child.on('close', (code, signal) => resolve(code ?? 128 + (signal ? os.constants.signals[signal] : 1)))
  }).finally(() => {
    for (const signal of PASSED_ON) process.off(signal, passOn)
  })
}
