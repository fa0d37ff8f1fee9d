// Follows a file that grows by lines: every line once, over rotation, truncation and restarts of the agent.
import { createHash } from 'node:crypto'
import type { Stats } from 'node:fs'
import { open, readdir, stat, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** Where reading stands. Kept over restarts, so it tells which file it was, not only how far. */
export interface Position {
  inode: number | null
  offset: number
  /** Hash of the first bytes: an inode is given anew after its file is gone. */
  head: string
}

export interface FollowedLine {
  text: string
  /** From a file that took the place of another one: it may have been read there already. */
  reread: boolean
}

export interface Followed {
  lines: FollowedLine[]
  /** Lines longer than any that means something; left out. */
  broken: number
  position: Position
}

export interface Follower {
  /** Whole lines that came since the last call, at most some megabytes of them. */
  read(): Promise<Followed>
  close(): Promise<void>
}

const headBytes = 256
const chunkBytes = 64 * 1024
const maxLineBytes = 256 * 1024
const maxReadBytes = 4 * 1024 * 1024

async function headOf(handle: FileHandle, offset: number): Promise<string> {
  const bytes = Buffer.alloc(Math.min(headBytes, offset))
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0)
  return createHash('sha256').update(bytes.subarray(0, bytesRead)).digest('base64url')
}

const openIfThere = (path: string): Promise<FileHandle | null> => open(path, 'r').catch(() => null)

async function lookAt(path: string): Promise<Stats | null> {
  return (await stat(path, { throwIfNoEntry: false }).catch(() => null)) ?? null
}

/** Another one wherever something was written; null where there is nothing. */
const toMark = (found: Stats | null): string | null => found && `${found.ino} ${found.size} ${found.mtimeMs}`
export const markOf = async (path: string): Promise<string | null> => toMark(await lookAt(path))

async function isAt(handle: FileHandle, { inode, offset, head }: Position): Promise<boolean> {
  const { ino, size } = await handle.stat()
  return ino === inode && size >= offset && (await headOf(handle, offset)) === head
}

/** The end of the last whole line: where somebody begins who wants only what is new. */
async function endOfLines(handle: FileHandle): Promise<number> {
  const { size } = await handle.stat()
  const from = Math.max(0, size - maxLineBytes)
  const bytes = Buffer.alloc(size - from)
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, from)
  return from + bytes.subarray(0, bytesRead).lastIndexOf(0x0a) + 1
}

/** `start`: a remembered position, or "end" to leave out what is there already, or "begin". */
export function createFollower(path: string, start: Position | 'begin' | 'end'): Follower {
  let handle: FileHandle | null = null
  let inode: number | null = null
  let offset = 0
  let head = ''
  let skipping = false
  /** Until the end of a file that took another's place is reached. */
  let rereading = false
  let begun = false
  /** Of the file when it was read and held nothing new. */
  let quietMark: string | null = null

  async function use(next: FileHandle, at: number): Promise<void> {
    await handle?.close()
    handle = next
    inode = (await next.stat()).ino
    offset = at
    head = await headOf(next, at)
    skipping = false
  }

  async function begin(): Promise<void> {
    const found = await openIfThere(path)
    if (typeof start === 'string' || start.inode === null) {
      if (found) await use(found, start === 'end' ? await endOfLines(found) : 0)
      return
    }
    if (found && (await isAt(found, start))) return use(found, start.offset)
    // Rotated while nobody looked: its rest lies under another name, and what has its name now comes after it.
    const names = await readdir(dirname(path)).catch(() => [])
    for (const name of names.filter((entry) => entry.startsWith(`${basename(path)}.`))) {
      const other = await openIfThere(join(dirname(path), name))
      if (other && (await isAt(other, start))) {
        await found?.close()
        return use(other, start.offset)
      }
      await other?.close()
    }
    rereading = true
    if (found) await use(found, 0)
  }

  /** Cut, or emptied and filled anew, in its place. */
  async function wasCut(file: FileHandle): Promise<boolean> {
    return (await file.stat()).size < offset || (await headOf(file, offset)) !== head
  }

  /** To the end of the file, or to what one call may read. */
  async function readLines(file: FileHandle, lines: FollowedLine[]): Promise<number> {
    let broken = 0
    let pending = Buffer.alloc(0)
    for (let total = 0; total < maxReadBytes;) {
      const chunk = Buffer.allocUnsafe(chunkBytes)
      const { bytesRead } = await file.read(chunk, 0, chunkBytes, offset + pending.length)
      if (bytesRead === 0) {
        rereading = false
        break
      }
      total += bytesRead
      pending = Buffer.concat([pending, chunk.subarray(0, bytesRead)])
      for (let end = pending.indexOf(0x0a); end >= 0; end = pending.indexOf(0x0a)) {
        if (skipping) broken++
        else lines.push({ text: pending.toString('utf8', 0, end), reread: rereading })
        skipping = false
        offset += end + 1
        pending = pending.subarray(end + 1)
      }
      if (pending.length > maxLineBytes) {
        skipping = true
        offset += pending.length
        pending = Buffer.alloc(0)
      }
    }
    head = await headOf(file, offset)
    return broken
  }

  return {
    async read() {
      if (!begun) await begin()
      begun = true
      const found = await lookAt(path)
      const mark = toMark(found)
      if (mark !== null && mark === quietMark) return { lines: [], broken: 0, position: { inode, offset, head } }
      const lines: FollowedLine[] = []
      let broken = 0
      if (handle) {
        if (await wasCut(handle)) {
          offset = 0
          skipping = false
          rereading = true
        }
        broken += await readLines(handle, lines)
      }
      // Another file has the name now. The old one has been read to its end, through the handle that outlives the name.
      if (found && found.ino !== inode) {
        const next = await openIfThere(path)
        if (next) {
          rereading ||= handle !== null
          await use(next, 0)
          broken += await readLines(next, lines)
        }
      }
      quietMark = lines.length === 0 ? mark : null
      return { lines, broken, position: { inode, offset, head } }
    },
    async close() {
      await handle?.close()
      handle = null
    },
  }
}
