// One process per data folder: a lock file that says who holds it, and that frees itself when its holder was killed.
import { randomUUID } from 'node:crypto'
import { linkSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import path from 'node:path'
import { makeFolder } from '../folder.ts'

interface Holder {
  pid: number
  /** Tells a process from a later one with the same pid: boot id and start tick. Null where the system does not say. */
  born: string | null
  host: string
  /** Unique per lock. */
  id: string
}

/** A holder in another container cannot be looked up by its pid, but it touches its file. */
const beatMs = 2_000
const silentMs = 10_000

const bornOf = (pid: number): string | null => {
  try {
    // The name in parentheses may hold spaces; the state comes first after it, the start tick is the 20th.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    // Killed, but not yet buried by its parent: in a container whose first process buries nobody it stays like that.
    if (fields[0] === 'Z') return null
    const tick = fields[19]
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${tick}`
  } catch {
    return null
  }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

const read = (file: string): Holder | undefined => {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder
  } catch {
    return undefined
  }
}

const ageMs = (file: string): number => Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0)

const holds = async (holder: Holder, file: string): Promise<boolean> => {
  if (holder.host === hostname()) return isAlive(holder.pid) && holder.born === bornOf(holder.pid)
  while (read(file)?.id === holder.id) {
    const before = ageMs(file)
    if (before > silentMs) return false
    await new Promise((resolve) => setTimeout(resolve, beatMs / 2))
    if (ageMs(file) < before) return true
  }
  return true
}

const held = (folder: string, holder: Holder | undefined): Error =>
  new Error(
    `Expected ${folder} to be free, got one that process ${holder?.pid ?? '?'} on ${holder?.host ?? '?'} has open: ` +
      'stop that console first, or use another SINDRI_DATA_DIR or DATABASE_URL.',
  )

/** Returns its undo. */
export const lockFolder = async (folder: string): Promise<() => void> => {
  const file = path.join(folder, 'lock')
  const mine: Holder = { pid: process.pid, born: bornOf(process.pid), host: hostname(), id: randomUUID() }
  const draft = `${file}.${mine.id}`
  try {
    makeFolder(folder)
    writeFileSync(draft, JSON.stringify(mine), { mode: 0o600 })
  } catch (error) {
    throw new Error(`Expected ${folder} to be writable, got ${(error as Error).message}`, { cause: error })
  }
  try {
    for (let attempt = 0; ; attempt += 1) {
      try {
        // Fails where a lock exists, and never shows anybody a half-written one.
        linkSync(draft, file)
        break
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt === 5) throw held(folder, read(file))
      }
      const holder = read(file)
      if (holder && (await holds(holder, file))) throw held(folder, holder)
      // Of two that find the same stale lock, one moves it; the other may have moved the first one's new lock, and gives it back.
      const moved = `${draft}.stale`
      try {
        renameSync(file, moved)
      } catch {
        continue
      }
      const taken = read(moved)
      if (taken && taken.id !== holder?.id) linkSync(moved, file)
      rmSync(moved, { force: true })
    }
  } finally {
    rmSync(draft, { force: true })
  }
  const beat = setInterval(() => {
    const now = new Date()
    try {
      utimesSync(file, now, now)
    } catch {
      // The folder was removed under us; the database will say so by itself.
    }
  }, beatMs)
  beat.unref()
  return () => {
    clearInterval(beat)
    if (read(file)?.id === mine.id) rmSync(file, { force: true })
  }
}
