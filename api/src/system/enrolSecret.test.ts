// One secret, whole, and for this user's eyes alone.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openEnrolSecret } from './enrolSecret.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'sindri-secret-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('the bootstrap secret', () => {
  it('is made once, 256 bits long, readable by this user alone', () => {
    const first = openEnrolSecret(path.join(folder, 'new'), undefined)
    expect(first.value).toMatch(/^[\w-]{43}$/)
    expect(readFileSync(first.file, 'utf8')).toBe(`${first.value}\n`)
    expect(statSync(first.file).mode & 0o777).toBe(0o600)
    expect(openEnrolSecret(path.join(folder, 'new'), undefined)).toEqual(first)
    expect(readdirSync(path.join(folder, 'new'))).toEqual(['enrol-secret'])
  })

  it('is the one of the environment where there is one, in a file of its own that follows it', () => {
    const made = openEnrolSecret(folder, undefined)
    const given = openEnrolSecret(folder, 'a-secret-of-the-environment')
    expect(given.value).toBe('a-secret-of-the-environment')
    expect(readFileSync(given.file, 'utf8')).toBe('a-secret-of-the-environment\n')
    expect(statSync(given.file).mode & 0o777).toBe(0o600)
    expect(readFileSync(openEnrolSecret(folder, 'another-secret-of-it').file, 'utf8')).toBe('another-secret-of-it\n')
    expect(openEnrolSecret(folder, undefined)).toEqual(made)
  })

  it('that somebody emptied is not replaced in silence', () => {
    const { file } = openEnrolSecret(folder, undefined)
    writeFileSync(file, '')
    expect(() => openEnrolSecret(folder, undefined)).toThrow('remove the file to have a new one made')
  })

  it('needs a folder that can be written', () => {
    writeFileSync(path.join(folder, 'file'), '')
    expect(() => openEnrolSecret(path.join(folder, 'file'), undefined)).toThrow(/^Expected .*file/)
  })
})
