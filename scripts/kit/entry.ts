// The console's program and what Node runs it with, wherever it is started from.
import path from 'node:path'

export const consoleEntry = path.resolve(import.meta.dirname, '../../api/src/enter.mjs')

/** On a machine with much memory V8 lets garbage grow to 128 MiB before it looks for the first time; the console needs a quarter of that. */
export const consoleArgv = ['--max-semi-space-size=16']
