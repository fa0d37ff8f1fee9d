// The programs of console and agent and what Node runs them with, wherever they are started from.
import path from 'node:path'

export const consoleEntry = path.resolve(import.meta.dirname, '../../api/src/enter.mjs')

/**
 * On a machine with much memory V8 lets a heap of 40 MiB grow to 100 before it looks for garbage, and keeps the pages. It looks sooner where the heap
 * may become less large; that of a console with 10 000 agents takes less than 300 MiB.
 */
export const consoleArgv = [
  '--max-semi-space-size=8',
  '--initial-old-space-size=32',
  '--max-old-space-size=768',
  '--v8-pool-size=2',
]

/** What it is written as; started thus, each of its modules takes memory for itself. */
export const agentSource = path.resolve(import.meta.dirname, '../../agent/src/main.ts')
export const agentEntry = path.resolve(import.meta.dirname, '../../agent/dist/main.js')

/**
 * It is a guest on its machine: it does without the compiler for the hottest code, has the one below it compile only what a flood runs, and
 * collects garbage before it asks for more memory.
 */
export const agentArgv = ['--no-turbofan', '--invocation-count-for-maglev=4000', '--optimize-for-size']
