// Reads the kernel's small files: synchronously, since they come from memory and a thread hop costs more than the read.
import { closeSync, openSync, readSync } from 'node:fs'

let buffer = Buffer.allocUnsafe(64 * 1024)

/** null for whatever cannot be read. */
export function readText(path: string): string | null {
  let handle: number
  try {
    handle = openSync(path, 'r')
  } catch {
    return null
  }
  try {
    let length = 0
    for (;;) {
      const count = readSync(handle, buffer, length, buffer.length - length, null)
      if (count === 0) return buffer.toString('utf8', 0, length)
      length += count
      if (length === buffer.length) buffer = Buffer.concat([buffer], buffer.length * 2)
    }
  } catch {
    return null
  } finally {
    closeSync(handle)
  }
}
