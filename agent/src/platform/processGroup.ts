// Reaches every process of a terminal or command: a job of an interactive shell has a group of its own, but stays in its session.
import { readdirSync, readFileSync } from 'node:fs'

interface Member {
  pid: number
  group: number
}

function readMember(pid: number, session: number): Member | null {
  try {
    // "pid (name) state parent group session …": the name may hold anything, so what counts begins behind its end.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const [state, , group, itsSession] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const isDead = state === 'Z' || state === 'X'
    return !isDead && Number(itsSession) === session ? { pid, group: Number(group) } : null
  } catch {
    return null
  }
}

function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-group, signal)
  } catch {
    return false
  }
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has just ended.
  }
}

/** The groups of the session that process `leader` began. Where there is no /proc: the leader's own group. */
export function sessionGroups(leader: number, leaderExited: boolean): number[] {
  if (process.platform !== 'linux') return signalGroup(leader, 0) ? [leader] : []
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger)
  const members = pids.map((pid) => readMember(pid, leader)).filter((member) => member !== null)
  // The kernel gives away a number again only when no session bears it: this is somebody else's session.
  if (leaderExited && members.some((member) => member.pid === leader)) return []
  return [...new Set(members.map((member) => member.group))]
}

/** Whether a process is left. A leader that has not exited counts, though its session may not have begun yet. */
export const sessionIsAlive = (leader: number, leaderExited: boolean): boolean =>
  !leaderExited || sessionGroups(leader, leaderExited).length > 0

export function signalSession(leader: number, leaderExited: boolean, signal: NodeJS.Signals): void {
  const groups = sessionGroups(leader, leaderExited)
  for (const group of groups) signalGroup(group, signal)
  // Between its fork and its first steps a program has neither session nor group, and is reached by its own number.
  if (!leaderExited && !groups.includes(leader)) signalProcess(leader, signal)
}
