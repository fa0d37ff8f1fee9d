// The programs of console and agent and what Node runs them with, wherever they are started from.
import path from 'node:path'

export const consoleEntry = path.resolve(import.meta.dirname, '../../api/src/enter.mjs')

/** On a machine with much memory V8 lets garbage grow to 128 MiB before it looks for the first time; the console needs a quarter of that. */
export const consoleArgv = ['--max-semi-space-size=16']

/** What it is written as; started thus, each of its modules takes memory for itself. */
export const agentSource = path.resolve(import.meta.dirname, '../../agent/src/main.ts')
export const agentEntry = path.resolve(import.meta.dirname, '../../agent/dist/main.js')

/**
 * It is a guest on its machine: it does without the compiler for the hottest code, has the one below it compile only what a flood runs, and
 * collects garbage before it asks for more memory.
 */
export const agentArgv = ['--no-turbofan', '--invocation-count-for-maglev=4000', '--optimize-for-size']
