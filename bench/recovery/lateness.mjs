// Loaded into the console in front of its own program: writes down how late its event loop came to a timer, and when.
import { appendFileSync } from 'node:fs'
import { nowMs } from '../kit/role.ts'

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
