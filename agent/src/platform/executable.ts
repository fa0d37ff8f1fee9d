// What can be known before a program is started: that there is one, and a directory for it. Failures behind a fork tell less.
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import { SpawnFailure } from './spawnFailure.ts'

export function canExecute(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return isAbsolute(file) && statSync(file).isFile()
  } catch {
    return false
  }
}

/** The program of this name on a path, or null. Relative folders of it are left out: they mean another place each time. */
export const findProgram = (
  name: string,
  path: string | undefined,
  isProgram: (file: string) => boolean = canExecute,
): string | null =>
  (path ?? '/usr/local/bin:/usr/bin:/bin')
    .split(delimiter)
    .filter(isAbsolute)
    .map((folder) => join(folder, name))
    .find(isProgram) ?? null

/** Throws SpawnFailure. */
export function checkDirectory(cwd: string): void {
  const stats = statSync(cwd, { throwIfNoEntry: false })
  if (!stats?.isDirectory())
    throw new SpawnFailure(`working directory: expected a directory, got ${JSON.stringify(cwd)}`)
  try {
    accessSync(cwd, constants.X_OK)
  } catch (cause) {
    throw new SpawnFailure(`working directory: expected one this user may enter, got ${JSON.stringify(cwd)}`, { cause })
  }
}
