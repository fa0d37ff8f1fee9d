// The agent's own directory: private, held by one agent, and the place of its identity and its enrolment.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { accessSync, chmodSync, constants, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { writeAtomically } from './atomicFile.ts'
import type { Clock, Undo } from './clock.ts'
import { DirLocked, lockDir } from './dirLock.ts'
import type { Log } from './log.ts'
import { toNotice } from './text.ts'

export interface Enrolment {
  /** Id the console gave, such as "ins_…". */
  instanceId: string
  name: string
  token: string
  /** The console that issued the token: with another one the agent enrols anew. */
  consoleUrl: string
  /** Where the console said that links are taken. */
  linkUrl: string
}

export interface StateDir {
  /** null: nothing can be written, everything lives in memory and ends with the process. */
  readonly path: string | null
  /** What is kept in memory only, and why, for the console's screen. */
  readonly notice: string | null
  readonly privateKey: KeyObject
  /** base64url of the 32 public bytes. */
  readonly publicKey: string
  enrolment(): Enrolment | null
  saveEnrolment(enrolment: Enrolment | null): void
  /** Small private files of other parts; null when absent. A write that fails is logged, kept in memory and tried again. */
  read(name: string): string | null
  write(name: string, text: string): void
  close(): void
}

export class BadState extends Error {
  override readonly name = 'BadState'
}

const keyFile = 'identity.pem'
const enrolmentFile = 'enrolment.json'
const retryMs = 10_000

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null
    throw error
  }
}

function parseKey(path: string, pem: string): KeyObject {
  let got = 'something else'
  try {
    const key = createPrivateKey(pem)
    if (key.asymmetricKeyType === 'ed25519') return key
    got = `a key of type ${key.asymmetricKeyType}`
  } catch (error) {
    got = reasonOf(error)
  }
  throw new BadState(
    `${path}: expected an Ed25519 private key in PKCS8 PEM, got ${got}. Remove the file to enrol with a new key.`,
  )
}

function parseEnrolment(text: string): Enrolment | null {
  try {
    const value = JSON.parse(text) as Partial<Record<keyof Enrolment, unknown>> | null
    const { instanceId, name, token, consoleUrl, linkUrl } = value ?? {}
    if ([instanceId, name, token, consoleUrl, linkUrl].every((field) => typeof field === 'string' && field !== '')) {
      return { instanceId, name, token, consoleUrl, linkUrl } as Enrolment
    }
  } catch {
    // Not JSON: treated like a record of another form.
  }
  return null
}

/** Makes and locks the directory, or says why it cannot be used. */
async function claim(path: string, clock: Clock): Promise<{ unlock: () => void } | { reason: string }> {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o700)
    accessSync(path, constants.W_OK)
    const unlock = await lockDir(path, clock)
    // Drafts of a process that was killed while it wrote.
    for (const name of readdirSync(path).filter((entry) => entry.endsWith('.tmp'))) rmSync(join(path, name))
    return { unlock }
  } catch (error) {
    if (error instanceof DirLocked) throw error
    return { reason: reasonOf(error) }
  }
}

/** Throws DirLocked when another agent holds the directory and BadState when the key in it is unusable. */
export async function openStateDir({ path, clock, log }: { path: string; clock: Clock; log: Log }): Promise<StateDir> {
  const claimed = await claim(path, clock)
  const unlock = 'unlock' in claimed ? claimed.unlock : () => {}
  const unusable =
    'reason' in claimed
      ? toNotice(
          `Identity and unsent data are kept in memory only: state directory ${path} is not writable (${claimed.reason}).`,
        )
      : null
  const writable = unusable === null
  if (unusable) log.warn(unusable)
  /** What could not be written, so that it is at least known until the process ends. */
  const unwritten = new Map<string, string>()
  let refusal: string | null = null
  let undoRetry: Undo | null = null

  function read(name: string): string | null {
    const kept = unwritten.get(name)
    if (kept !== undefined) return kept
    try {
      return readIfThere(join(path, name))
    } catch (error) {
      log.warn('could not read a file of the state directory', { file: name, error })
      return null
    }
  }

  function write(name: string, text: string): void {
    try {
      if (!writable) throw new Error('state directory is not writable')
      mkdirSync(path, { recursive: true, mode: 0o700 })
      writeAtomically(join(path, name), text)
      // The directory may have been deleted under us: a token without its key would be worthless.
      if (name !== keyFile && readIfThere(join(path, keyFile)) === null) writeAtomically(join(path, keyFile), pem)
      unwritten.delete(name)
    } catch (error) {
      if (writable && !unwritten.has(name))
        log.warn('could not write a file of the state directory', { file: name, error })
      unwritten.set(name, text)
      refusal = reasonOf(error)
      if (writable) undoRetry ??= clock.after(retryMs, writeAgain)
    }
  }

  function writeAgain(): void {
    undoRetry = null
    const files = [...unwritten]
    for (const [name, text] of files) write(name, text)
    if (unwritten.size === 0)
      log.info('the state directory can be written again', { files: files.map(([name]) => name) })
  }

  let pem = read(keyFile) ?? ''
  let privateKey: KeyObject
  try {
    privateKey = pem ? parseKey(join(path, keyFile), pem) : generateKeyPairSync('ed25519').privateKey
  } catch (error) {
    unlock()
    throw error
  }
  if (!pem) {
    pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
    write(keyFile, pem)
  } else if (writable) {
    chmodSync(join(path, keyFile), 0o600)
  }

  return {
    path: writable ? path : null,
    get notice() {
      if (unusable || unwritten.size === 0) return unusable
      return toNotice(
        `Identity and settings are kept in memory only: state directory ${path} cannot be written (${refusal}).`,
      )
    },
    privateKey,
    publicKey: createPublicKey(privateKey).export({ format: 'jwk' }).x ?? '',
    enrolment() {
      const text = read(enrolmentFile)
      const enrolment = text === null ? null : parseEnrolment(text)
      if (text && !enrolment)
        log.warn('the enrolment record is unreadable; the agent enrols again', { file: enrolmentFile })
      return enrolment
    },
    saveEnrolment(enrolment) {
      if (enrolment) return write(enrolmentFile, `${JSON.stringify(enrolment, null, 2)}\n`)
      if (!writable) return write(enrolmentFile, '')
      try {
        rmSync(join(path, enrolmentFile), { force: true })
        unwritten.delete(enrolmentFile)
      } catch {
        // An empty one says the same.
        write(enrolmentFile, '')
      }
    },
    read,
    write,
    close() {
      if (undoRetry) writeAgain()
      undoRetry?.()
      unlock()
    },
  }
}
