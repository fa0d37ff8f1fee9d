// A folder is made or refused, at once.
import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeFolder } from './folder.ts'

let base: string
beforeEach(() => {
  base = mkdtempSync(path.join(tmpdir(), 'sindri-folder-'))
})
afterEach(() => rmSync(base, { recursive: true }))

describe('a folder', () => {
  it('is made with those above it, for this user alone, and may be there already', () => {
    const folder = path.join(base, 'a', 'b', 'c')
    makeFolder(folder)
    makeFolder(folder)
    expect(['a', 'a/b', 'a/b/c'].map((name) => statSync(path.join(base, name)).mode & 0o777)).toEqual([
      0o700, 0o700, 0o700,
    ])
  })

  it.runIf(existsSync('/proc'))('below /proc is refused, where nothing can be made', () => {
    expect(() => makeFolder('/proc/sindri/database')).toThrow(/ENOENT|EACCES/)
  })

  it('is refused where a file is in the way, or a link to nowhere', () => {
    writeFileSync(path.join(base, 'file'), '')
    symlinkSync(path.join(base, 'nowhere'), path.join(base, 'link'))
    for (const name of ['file', 'file/below', 'link'])
      expect(() => makeFolder(path.join(base, name))).toThrow(/EEXIST|ENOTDIR|ENOENT/)
  })
})
