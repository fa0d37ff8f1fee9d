// Loaded into the console in front of its own program, and plain JavaScript as that is: writes down how late its event loop came to a timer, and when.
import { appendFileSync } from 'node:fs'

/** The clock of all processes of this machine, as in `kit/role.ts`. */
const nowMs = () => Number(process.hrtime.bigint()) / 1e6
const EVERY_MS = 10
const file = process.env['BENCH_LATENESS'] ?? ''
let lines = ''
let dueMs = nowMs() + EVERY_MS
setInterval(() => {
  const ms = nowMs()
  lines += `${ms} ${Math.max(0, ms - dueMs)}\n`
  dueMs = ms + EVERY_MS
}, EVERY_MS).unref()
setInterval(() => {
  appendFileSync(file, lines)
  lines = ''
}, 500).unref()
