// Makes a folder and those above it, for this user alone. Not by mkdir's own recursion, which never ends where a file system answers "no such file" to making one, as /proc does.
import { existsSync, mkdirSync, statSync } from 'node:fs'
import path from 'node:path'

export const makeFolder = (folder: string): void => {
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' && statSync(folder).isDirectory()) return
    const above = path.dirname(folder)
    if (code !== 'ENOENT' || existsSync(above)) throw error
    makeFolder(above)
    makeFolder(folder)
  }
}
