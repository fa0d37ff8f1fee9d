// Passwords at rest: argon2id, a bounded number at a time, and the same work whether or not there is anything to compare with.
import { hash, verify } from '@node-rs/argon2'
import { badInput, Fault } from '@sindri/schema/contract/codes'
import { LIMITS } from '@sindri/schema/contract/limits'

export interface Passwords {
  hash(password: string): Promise<string>
  /** Without a hash it takes as long as with one, and answers false. */
  verify(hashed: string | null, password: string): Promise<boolean>
}

/** Each takes 19 MiB and a thread of libuv's four, which files and name lookups need as well. */
const atOnce = 2
const waitingMax = 64

/** The same characters typed on another keyboard are the same password (NIST SP 800-63B, 5.1.1.2). */
const normalize = (password: string): string => password.normalize('NFKC')

export const createPasswords = (): Passwords => {
  let running = 0
  const waiting: (() => void)[] = []

  const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= atOnce) {
      if (waiting.length >= waitingMax) {
        throw new Fault('UNAVAILABLE', 'Too many passwords are being checked at this moment; try again.', {
          retryAfterMs: 2_000,
        })
      }
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else {
      running++
    }
    try {
      return await work()
    } finally {
      // The place passes on to the next in line, so nobody can slip in between.
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }

  let decoy: Promise<string> | undefined

  return {
    hash: (password) => inTurn(() => hash(normalize(password))),
    async verify(hashed, password) {
      const against = hashed ?? (await (decoy ??= inTurn(() => hash('nobody has this password'))))
      const same = await inTurn(() => verify(against, normalize(password)))
      return same && hashed !== null
    },
  }
}

const [shortest, longest] = LIMITS.passwordChars

/** Refuses a password to be; the message never repeats it. */
export const demandPassword = (field: string, password: string): void => {
  const { length } = password
  if (length < shortest || length > longest) {
    throw new Fault('BAD_INPUT', `${field}: expected ${shortest} to ${longest} characters, got ${length}.`, {
      field,
      expected: `${shortest} to ${longest} characters`,
      got: `${length} characters`,
    })
  }
  if (/^(.)\1*$/u.test(password))
    throw badInput(field, 'more than one character repeated', 'the same character throughout')
}
