// Makes and checks secrets: random tokens that are stored as hashes, and passwords under argon2id.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { hash, verify } from '@node-rs/argon2'

/** 32 bytes of chance in base64url: 43 characters without a need for escaping anywhere. */
export const randomToken = (bytes = 32): string => randomBytes(bytes).toString('base64url')

/** What is stored of a token. Without salt or stretching: a random token has nothing to guess. */
export const hashToken = (token: string): string => createHash('sha256').update(token).digest('base64url')

/** Takes the same time wherever the two differ, and whatever their lengths. */
export const equalSecrets = (a: string, b: string): boolean =>
  timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest())

/** OWASP's argon2id: 19 MiB, 2 passes, 1 lane; some 20 ms on another thread. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

export const hashPassword = (password: string): Promise<string> => hash(password.normalize('NFKC'), cost)

/** False for a hash that cannot be read, too. */
export const verifyPassword = async (stored: string, password: string): Promise<boolean> => {
  try {
    return await verify(stored, password.normalize('NFKC'))
  } catch {
    return false
  }
}

let decoy: Promise<string> | undefined

/** Takes as long as a real check, so that an unknown e-mail address answers no sooner than a known one. */
export const verifyNobody = async (password: string): Promise<false> => {
  await verifyPassword(await (decoy ??= hashPassword(randomToken())), password)
  return false
}
