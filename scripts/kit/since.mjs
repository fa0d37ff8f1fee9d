// When the user pressed Enter: npm itself and the install count, too.
import { readFileSync } from 'node:fs'

/** Linux counts the start of a process in hundredths of a second, whatever its clock. */
const TICK_MS = 10

/** Of the program that npm starts, in ms of the wall clock. Where the process table is not a file, npm's own start is left out. */
export function enteredAt() {
  const own = startTick(process.pid)
  const npm = process.env.npm_lifecycle_event ? startTick(process.ppid) : null
  return performance.timeOrigin - (own !== null && npm !== null ? (own - npm) * TICK_MS : 0)
}

/** @param {number} pid */
function startTick(pid) {
  try {
    // The name in parentheses may hold spaces; the start is the 20th field after it.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19])
  } catch {
    return null
  }
}
