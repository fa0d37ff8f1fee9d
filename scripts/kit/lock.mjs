// One holder at a time per clone, across processes; the lock of a process that died is taken over.
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const POLL_MS = 200

/**
 * @template T
 * @param {string} file
 * @param {(pid: number) => void} onWait called once, when somebody else holds the lock
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(file, onWait, work) {
  const mine = `${file}.${process.pid}`
  try {
    mkdirSync(path.dirname(file), { recursive: true })
    // Written aside and then linked: nobody ever reads a lock without its holder in it.
    writeFileSync(mine, String(process.pid))
  } catch (error) {
    const { message } = /** @type {Error} */ (error)
    throw new Error(`expected ${path.dirname(file)} to be writable, got ${message}`, { cause: error })
  }
  try {
    for (let waited = false; !tryLink(mine, file);) {
      const holder = readHolder(file)
      if (holder !== null && !isAlive(holder)) takeAway(file, holder)
      else if (holder !== null) {
        if (!waited) onWait(holder)
        waited = true
        await new Promise((resolve) => setTimeout(resolve, POLL_MS))
      }
    }
  } finally {
    rmSync(mine, { force: true })
  }
  try {
    return await work()
  } finally {
    if (readHolder(file) === process.pid) rmSync(file, { force: true })
  }
}

/** @param {string} from @param {string} to */
function tryLink(from, to) {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false
    throw error
  }
}

/** @param {string} file */
function readHolder(file) {
  try {
    return Number(readFileSync(file, 'utf8'))
  } catch {
    return null
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM'
  }
  return !isZombie(pid)
}

/** Killed, and not yet buried by its parent: in a container whose first process buries nobody it stays like that. @param {number} pid */
function isZombie(pid) {
  try {
    return /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

/**
 * Two waiters may both see a dead holder. Each renames what is there to a name of its own and looks again: whoever
 * caught a living lock meanwhile puts it back.
 * @param {string} file @param {number} dead
 */
function takeAway(file, dead) {
  const aside = `${file}.${process.pid}.dead`
  try {
    renameSync(file, aside)
    if (readHolder(aside) !== dead) tryLink(aside, file)
    rmSync(aside, { force: true })
  } catch {
    // The other waiter was first.
  }
}
