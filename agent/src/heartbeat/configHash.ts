// The hash of this machine's sindri.yaml, read again only when the file has changed.
import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'

export type ConfigHash = () => Promise<string | null>

const maxBytes = 16 * 1024 * 1024

/** SHA-256 in hexadecimal, or null where there is no such file. A path that was named is the only one looked at. */
export function createConfigHash(named: string | null, places: { workingDir: string; homeDir: string }): ConfigHash {
  const candidates = named
    ? [named]
    : [places.workingDir, places.homeDir].flatMap((dir) => [join(dir, 'sindri.yaml'), join(dir, 'sindri.yml')])
  let known: { mark: string; hash: string } | null = null

  async function hash(path: string): Promise<string | null> {
    try {
      const { size, mtimeMs, ino } = await stat(path)
      const mark = `${path} ${ino} ${size} ${mtimeMs}`
      if (known?.mark === mark) return known.hash
      if (size > maxBytes) return null
      const value = createHash('sha256')
        .update(await readFile(path))
        .digest('hex')
      known = { mark, hash: value }
      return value
    } catch {
      return null
    }
  }

  return async () => {
    for (const path of candidates) {
      const value = await hash(path)
      if (value) return value
    }
    return null
  }
}
