// Ends children in order, politely and then firmly: after `endWithinMs` nothing is left, whatever they do.
import type { ChildProcess } from 'node:child_process'
import { exitOf } from './console.ts'

/** Under the five seconds that Ctrl-C may take. */
const END_WITHIN_MS = 4_500
/** What an earlier child may take before the next one is asked: an agent flushes to a console that still answers. */
const HEAD_START_MS = 1_500

export async function endAll(children: ChildProcess[], endWithinMs = END_WITHIN_MS): Promise<void> {
  const alive = children.filter((child) => child.exitCode === null && child.signalCode === null)
  const firmly = setTimeout(() => {
    for (const child of alive) child.kill('SIGKILL')
  }, endWithinMs)
  for (const child of alive) {
    child.kill('SIGTERM')
    await Promise.race([exitOf(child), later(HEAD_START_MS)])
  }
  await Promise.all(alive.map(exitOf))
  clearTimeout(firmly)
}

function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}
