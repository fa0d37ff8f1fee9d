// Replaces a file so that, whatever happens, either the old content or the new one is found.
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** Makes a rename or an unlink in this directory outlast a power cut. */
export function syncDirectory(path: string): void {
  const handle = openSync(path, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** For its owner's eyes only. The process id keeps two writers of one name from sharing a half-written file. */
export function writeAtomically(path: string, text: string): void {
  const draft = `${path}.${process.pid}.tmp`
  try {
    const handle = openSync(draft, 'w', 0o600)
    try {
      const bytes = Buffer.from(text)
      for (let done = 0; done < bytes.length;) done += writeSync(handle, bytes, done)
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
    renameSync(draft, path)
    syncDirectory(dirname(path))
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
}
