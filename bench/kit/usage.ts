// What a process has used, as Linux counts it: processor time and memory.
import { existsSync, readdirSync, readFileSync } from 'node:fs'

export interface Usage {
  /** Of one core, of all its threads that live. */
  cpuMs: number
  rssMiB: number
  /** Its own: neither files nor libraries that it shares. */
  anonymousMiB: number
}

export function usageOf(pid: number): Usage {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const mib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024
  return { cpuMs: cpuMsOf(pid), rssMiB: mib('VmRSS'), anonymousMiB: mib('RssAnon') }
}

/** In nanoseconds, where `stat` counts in hundredths of a second. */
export const cpuMsOf = (pid: number): number =>
  readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => {
    try {
      return sum + Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]) / 1e6
    } catch {
      // It has ended meanwhile.
      return sum
    }
  }, 0)

/** The most that a process held, looked at often until the undo, which answers it. */
export function watchMemory(pid: number): () => Usage {
  let most = usageOf(pid)
  const timer = setInterval(() => {
    // Where something else failed, the process may be gone before the undo.
    if (!existsSync(`/proc/${pid}`)) return clearInterval(timer)
    const now = usageOf(pid)
    if (now.anonymousMiB > most.anonymousMiB) most = now
  }, 100)
  return () => {
    clearInterval(timer)
    return most
  }
}
