// Secrets: made at random, compared in constant time, stored as hashes.
import { createHash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto'

/** 256 random bits as base64url (43 characters). */
export const newSecret = (): string => randomBytes(32).toString('base64url')

/** What is stored of a random secret. Only for secrets too long to guess: a password needs a slow hash. */
export const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex')

export const sameSecret = (a: string, b: string): boolean =>
  timingSafeEqual(Buffer.from(hashOf(a)), Buffer.from(hashOf(b)))

/** No characters that look alike, since it is read from a screen and typed. */
const readable = 'abcdefghjkmnpqrstuvwxyz23456789'

/** 4 groups of 5 characters: 99 bits. */
export const newOneTimePassword = (): string =>
  Array.from({ length: 4 }, () =>
    Array.from({ length: 5 }, () => readable.charAt(randomInt(readable.length))).join(''),
  ).join('-')
