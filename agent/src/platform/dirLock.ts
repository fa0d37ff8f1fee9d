// Keeps a directory to one process: a lock that outlives its owner's death by no more than the next attempt.
//
// Each process leaves a file whose name says who it is: boot, process id, start time of the process. A name is never
// reused, so anybody may remove the file of a dead process without a race. Who finds a living other withdraws; two
// that start in the same moment may both withdraw, and try again after different pauses. Rejected: one lock file that
// is taken over when stale, because two takers can each remove the other's.
import { execFileSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { closeSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { sleep, type Clock } from './clock.ts'

export class DirLocked extends Error {
  override readonly name = 'DirLocked'
}

const prefix = 'lock.'
const attempts = 6

function readFirstLine(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return null
  }
}

/** Changes with every boot, so that the same process id and start tick after a reboot are not taken for the same process. */
const bootId = (): string => readFirstLine('/proc/sys/kernel/random/boot_id')?.replaceAll('-', '').slice(0, 12) ?? '0'

/** Start of a process as a token without dots, or null when there is no such process. */
function startOf(pid: number): string | null {
  const stat = readFirstLine(`/proc/${pid}/stat`)
  // Field 22, counted behind the command name, which may itself hold spaces and brackets.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  // Z: killed, but not yet buried by its parent. In a container whose first process buries nobody it stays like that.
  if (fields) return fields[0] === 'Z' ? null : (fields[19] ?? null)
  if (process.platform === 'linux') return null
  try {
    const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', timeout: 2_000 })
    return started.replace(/\W+/g, '') || null
  } catch {
    return null
  }
}

/** The process id in a lock's name while its owner lives. */
function livingOwner(name: string): number | null {
  const [, boot, pidText, start] = name.split('.')
  const pid = Number(pidText)
  return boot === bootId() && Number.isInteger(pid) && start !== undefined && startOf(pid) === start ? pid : null
}

/** Resolves with the undo. Throws DirLocked when another living process holds the directory. */
export async function lockDir(path: string, clock: Clock): Promise<() => void> {
  const own = `${prefix}${bootId()}.${process.pid}.${startOf(process.pid) ?? '0'}`
  const ownPath = join(path, own)
  for (let attempt = 1; ; attempt++) {
    // Exclusive: a second lock by this very process is refused as well.
    try {
      closeSync(openSync(ownPath, 'wx', 0o600))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      throw new DirLocked(`${path} is in use by this process (${process.pid}) already.`)
    }
    let holder: number | null = null
    for (const name of readdirSync(path).filter((entry) => entry.startsWith(prefix) && entry !== own)) {
      const pid = livingOwner(name)
      if (pid === null) rmSync(join(path, name), { force: true })
      else holder = pid
    }
    if (holder === null) return () => rmSync(ownPath, { force: true })
    rmSync(ownPath, { force: true })
    if (attempt === attempts) throw new DirLocked(`${path} is in use by another agent, process ${holder}.`)
    await sleep(clock, randomInt(5, 60))
  }
}
