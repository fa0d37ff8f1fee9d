// The bootstrap secret that opens enrolment: given by the environment, or made once and kept where only this user reads.
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import path from 'node:path'
import { makeFolder } from '../platform/folder.ts'
import { newSecret } from '../platform/secrets.ts'

export interface EnrolSecret {
  value: string
  /** Where it can be read by an agent of this machine. */
  file: string
}

const FILE = 'enrol-secret'
/** As the environment demands it. */
const LEAST_CHARS = 16

const readSecret = (file: string): string | undefined => {
  let text: string
  try {
    text = readFileSync(file, 'utf8').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new Error(`Expected ${file} to be readable, got ${(error as Error).message}`, { cause: error })
  }
  if (text.length < LEAST_CHARS)
    throw new Error(
      `Expected a secret of at least ${LEAST_CHARS} characters in ${file}, got ${text.length}: remove the file to have a new one made.`,
    )
  return text
}

/** Whole or not at all, and on disk when it returns. */
const writeDraft = (draft: string, value: string): void => {
  const handle = openSync(draft, 'wx', 0o600)
  try {
    writeSync(handle, `${value}\n`)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

const unwritable = (dataDir: string, error: unknown): Error =>
  new Error(`Expected ${dataDir} to be a folder that can be written, got ${(error as Error).message}`, { cause: error })

export const openEnrolSecret = (dataDir: string, given: string | undefined): EnrolSecret => {
  try {
    makeFolder(dataDir)
  } catch (error) {
    throw unwritable(dataDir, error)
  }
  const file = path.join(dataDir, given === undefined ? FILE : `${FILE}.given`)
  const known = readSecret(file)
  if (known !== undefined && (given === undefined || known === given)) return { value: known, file }
  const value = given ?? newSecret()
  const draft = `${file}.${newSecret().slice(0, 8)}`
  try {
    writeDraft(draft, value)
    if (given !== undefined) rmSync(file, { force: true })
    // Fails where another replica on this folder was faster: then its secret counts.
    linkSync(draft, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unwritable(dataDir, error)
  } finally {
    rmSync(draft, { force: true })
  }
  return { value: readSecret(file) ?? value, file }
}
