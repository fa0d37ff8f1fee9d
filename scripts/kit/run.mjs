// Runs one child to its end: signals are passed on, and its exit code comes back.
import { spawn } from 'node:child_process'
import os from 'node:os'

const PASSED_ON = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])

/** The exit code of a child that did not end within its limit, as timeout(1) has it. */
export const LATE = 124
/** What a child may take to end in order, its own children with it, before it is made to. */
const GRACE_MS = 8_000

/** @typedef {{ cwd?: string, env?: Record<string, string | undefined> }} Surroundings */

/**
 * On our own terminal. `leash` gives the child an IPC channel: its closing tells the child that we died, however we died.
 * After `limitMs` the child is ended with all that it started.
 * @param {string} command
 * @param {string[]} args
 * @param {Surroundings & { leash?: boolean, limitMs?: number, graceMs?: number }} [options]
 * @returns {Promise<number>} the exit code, 128 + n for a child that signal n ended
 */
export async function run(command, args, { cwd, env = process.env, leash = false, limitMs, graceMs = GRACE_MS } = {}) {
  const stdio = leash
    ? ['inherit', 'inherit', 'inherit', 'ipc']
    : [limitMs ? 'ignore' : 'inherit', 'inherit', 'inherit']
  const child = spawn(command, args, {
    cwd,
    env,
    stdio: /** @type {import('node:child_process').StdioOptions} */ (stdio),
    // A group of its own, so that its end is the end of what it started.
    detached: limitMs !== undefined,
  })
  if (limitMs === undefined) return ending(command, child, (signal) => child.kill(signal))
  const kill = (/** @type {NodeJS.Signals} */ signal) => child.pid && process.kill(-child.pid, signal)
  let late = false
  /** @type {NodeJS.Timeout | undefined} */
  let firmly
  const limit = setTimeout(() => {
    late = true
    sendTo(kill, 'SIGTERM')
    firmly = setTimeout(sendTo, graceMs, kill, 'SIGKILL')
  }, limitMs)
  const code = await ending(command, child, kill).finally(() => {
    clearTimeout(limit)
    clearTimeout(firmly)
  })
  if (!late) return code
  // Whoever outlived the first of the group.
  sendTo(kill, 'SIGKILL')
  return LATE
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
  const passOn = (/** @type {NodeJS.Signals} */ signal) => sendTo(kill, signal)
  for (const signal of PASSED_ON) process.on(signal, passOn)
  return new Promise((resolve, reject) => {
    child.on('error', (error) => reject(new Error(`expected to start ${command}, got: ${error.message}`)))
    child.on('close', (code, signal) => resolve(code ?? 128 + (signal ? os.constants.signals[signal] : 1)))
  }).finally(() => {
    for (const signal of PASSED_ON) process.off(signal, passOn)
  })
}

/** @param {(signal: NodeJS.Signals) => unknown} kill @param {NodeJS.Signals} signal */
function sendTo(kill, signal) {
  try {
    kill(signal)
  } catch {
    // It has just ended by itself.
  }
}
