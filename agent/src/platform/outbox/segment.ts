// One append-only file of the spool. Its handle stays open, so that its records can be read even after somebody deleted it.
import { mkdir, open, readdir, rm, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { syncDirectory } from '../atomicFile.ts'
import { scan, type Entry } from './frames.ts'

export interface Segment {
  readonly number: number
  /** Bytes of whole entries. */
  readonly bytes: number
  /** Records in it that are not done with. Kept by the stream log. */
  live: number
  /** The file ends in half an entry, where reading stops: nothing may follow it. */
  readonly torn: boolean
  /** Resolves with the offset of the first byte. What a failed write has left is cut off again. */
  append(bytes: Buffer): Promise<number>
  sync(): Promise<void>
  /** Shorter than asked where the file was cut. */
  read(offset: number, length: number): Promise<Buffer>
  /** false when the file was deleted by somebody else. */
  isLinked(): Promise<boolean>
  close(): Promise<void>
  remove(): Promise<void>
}

const suffix = '.seg'
const fileName = (number: number): string => `${String(number).padStart(10, '0')}${suffix}`

function wrap(handle: FileHandle, path: string, number: number, startBytes: number): Segment {
  let bytes = startBytes
  let torn = false
  return {
    number,
    live: 0,
    get bytes() {
      return bytes
    },
    get torn() {
      return torn
    },
    async append(data) {
      const offset = bytes
      try {
        for (let done = 0; done < data.length;) {
          done += (await handle.write(data, done, data.length - done, offset + done)).bytesWritten
        }
      } catch (error) {
        // On a full disk half an entry would hold the room that a smaller one needs.
        await handle.truncate(offset).catch(() => (torn = true))
        throw error
      }
      bytes += data.length
      return offset
    },
    sync: () => handle.datasync(),
    async read(offset, length) {
      const data = Buffer.allocUnsafe(length)
      let done = 0
      while (done < length) {
        const { bytesRead } = await handle.read(data, done, length - done, offset + done)
        if (bytesRead === 0) break
        done += bytesRead
      }
      return data.subarray(0, done)
    },
    isLinked: async () => (await handle.stat()).nlink > 0,
    close: () => handle.close(),
    async remove() {
      await handle.close()
      await rm(path, { force: true })
    },
  }
}

export async function createSegment(dir: string, number: number): Promise<Segment> {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const path = join(dir, fileName(number))
  const handle = await open(path, 'wx+', 0o600)
  try {
    syncDirectory(dir)
  } catch (error) {
    await handle.close()
    throw error
  }
  return wrap(handle, path, number, 0)
}

export interface FoundSegment {
  segment: Segment
  entries: Entry[]
  /** Bytes behind the last whole entry, cut off: the torn end of a killed process, or damage. */
  lostBytes: number
}

async function openSegment(dir: string, name: string): Promise<FoundSegment> {
  const path = join(dir, name)
  const handle = await open(path, 'r+')
  try {
    const content = await handle.readFile()
    const { entries, validBytes } = scan(content)
    if (validBytes < content.length) await handle.truncate(validBytes)
    const segment = wrap(handle, path, Number(name.slice(0, -suffix.length)), validBytes)
    return { segment, entries, lostBytes: content.length - validBytes }
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** The segments of a directory, oldest first; one after the other, so that only one content is in memory. None where there is no directory. */
export async function* openSegments(dir: string): AsyncGenerator<FoundSegment> {
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  for (const name of names.filter((entry) => /^\d{10}\.seg$/.test(entry)).sort()) yield await openSegment(dir, name)
}
