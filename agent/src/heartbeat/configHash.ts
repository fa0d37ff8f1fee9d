// The hash of this machine's sindri.yaml, read again only when the file has changed.
import { createHash } from 'node:crypto'
import type { Stats } from 'node:fs'
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

  async function hash(path: string, { ino, size, mtimeMs }: Stats): Promise<string | null> {
    const mark = `${path} ${ino} ${size} ${mtimeMs}`
    if (known?.mark === mark) return known.hash
    if (size > maxBytes) return null
    const content = await readFile(path).catch(() => null)
    if (!content) return null
    const value = createHash('sha256').update(content).digest('hex')
    known = { mark, hash: value }
    return value
  }

  return async () => {
    // At once, so that an agent that sleeps is woken once for all of them.
    const found = await Promise.all(
      candidates.map((path) => stat(path, { throwIfNoEntry: false }).catch(() => undefined)),
    )
    for (const [index, path] of candidates.entries()) {
      const value = found[index] && (await hash(path, found[index]))
      if (value) return value
    }
    return null
  }
}
