// Who the simulated agents are: a key and an enrolment each, in memory or, one small private file each, in a folder that a later start reads.
import { writeAtomically } from '@sindri/agent/platform/atomicFile'
import type { Clock } from '@sindri/agent/platform/clock'
import { lockDir } from '@sindri/agent/platform/dirLock'
import type { Enrolment, StateDir } from '@sindri/agent/platform/stateDir'
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

export interface Identities {
  /** What an agent finds instead of its state directory. */
  of(name: string, onEnrolled: () => void): StateDir
  close(): void
}

interface Kept {
  key: string
  enrolment: Enrolment | null
}

const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }) as string

function readKept(file: string): { key: KeyObject; enrolment: Enrolment | null } | null {
  if (!existsSync(file)) return null
  try {
    const { key, enrolment } = JSON.parse(readFileSync(file, 'utf8')) as Kept
    return { key: createPrivateKey(key), enrolment }
  } catch (error) {
    throw new Error(
      `--keep: expected an identity in ${file}, got ${(error as Error).message}. Remove the file to enrol with a new key.`,
      { cause: error },
    )
  }
}

/** Rejects where the folder cannot be used, or another swarm uses it. */
export async function openIdentities(folder: string | null, clock: Clock): Promise<Identities> {
  if (folder) mkdirSync(folder, { recursive: true, mode: 0o700 })
  const unlock = folder ? await lockDir(folder, clock) : () => {}
  return {
    of(name, onEnrolled) {
      const file = folder && path.join(folder, `${name}.json`)
      const kept = file ? readKept(file) : null
      const privateKey = kept?.key ?? generateKeyPairSync('ed25519').privateKey
      let enrolment = kept?.enrolment ?? null
      const small = new Map<string, string>()
      return {
        path: null,
        notice: null,
        privateKey,
        publicKey: createPublicKey(privateKey).export({ format: 'jwk' }).x ?? '',
        enrolment: () => enrolment,
        saveEnrolment(next) {
          const isNews = next?.instanceId !== enrolment?.instanceId
          enrolment = next
          if (next && isNews) onEnrolled()
          // The token alone need not be kept: a signature renews it.
          if (file && isNews)
            writeAtomically(file, JSON.stringify({ key: pemOf(privateKey), enrolment } satisfies Kept))
        },
        read: (part) => small.get(part) ?? null,
        write: (part, text) => void small.set(part, text),
        close: () => {},
      }
    },
    close: unlock,
  }
}
