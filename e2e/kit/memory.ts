// How much memory processes hold, as the system counts it.
import { execFileSync } from 'node:child_process'

interface Row {
  pid: number
  parent: number
  mib: number
  command: string
}

const look = (): Row[] =>
  execFileSync('ps', ['-axo', 'pid=,ppid=,rss=,args='], { encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 })
    .trim()
    .split('\n')
    .flatMap((line) => {
      const [, pid, parent, kib, command] = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? []
      return pid ? [{ pid: Number(pid), parent: Number(parent), mib: Number(kib) / 1024, command: command ?? '' }] : []
    })

const sum = (rows: readonly Row[], of: readonly Row[]): number =>
  of.reduce(
    (mib, row) =>
      mib +
      row.mib +
      sum(
        rows,
        rows.filter(({ parent }) => parent === row.pid),
      ),
    0,
  )

/** The process alone. */
export const processMiB = (pid: number): number => look().find((row) => row.pid === pid)?.mib ?? 0

/** The browsers that this process started, with all their processes; what they share counts each time. */
export const browserMiB = (): number => {
  const rows = look()
  return sum(
    rows,
    rows.filter(({ parent, command }) => parent === process.pid && command.includes('--headless')),
  )
}
