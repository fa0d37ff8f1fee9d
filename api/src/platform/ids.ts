// Makes the ids of everything: a prefix that says what it names, and a ULID that sorts by the time it was made.
import { randomBytes } from 'node:crypto'
import type { Clock } from './clock.ts'

/** The one table of prefixes. */
export const PREFIXES = {
  user: 'usr',
  session: 'ses',
  key: 'key',
  instance: 'ins',
  takeover: 'tko',
  view: 'viw',
  event: 'evt',
  terminal: 'trm',
  command: 'cmd',
  /** Made by pages: one view of a terminal, and one writer to it. */
  attachment: 'att',
  link: 'lnk',
  request: 'req',
  replica: 'rep',
} as const
export type IdKind = keyof typeof PREFIXES

export interface Ids {
  /** Such as "ins_01K…"; ids of one process sort in the order they were made. */
  make(kind: IdKind): string
}

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const ulidPattern = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/

const toUlid = (bits: bigint): string => {
  let text = ''
  for (let shift = 125n; shift >= 0n; shift -= 5n) text += alphabet[Number((bits >> shift) & 31n)]
  return text
}

/** 48 bits of time, 80 of chance. Within one millisecond, or after a step back of the clock, the last one is counted on. */
export const createIds = (clock: Pick<Clock, 'now'>, random: (size: number) => Uint8Array = randomBytes): Ids => {
  let last = 0n
  const next = (): bigint => {
    let bits = BigInt(clock.now())
    for (const byte of random(10)) bits = (bits << 8n) | BigInt(byte)
    last = bits >> 80n > last >> 80n ? bits : last + 1n
    return last
  }
  return { make: (kind) => `${PREFIXES[kind]}_${toUlid(next())}` }
}

export const isId = (kind: IdKind, text: string): boolean =>
  text.startsWith(`${PREFIXES[kind]}_`) && ulidPattern.test(text.slice(PREFIXES[kind].length + 1))

export const isUlid = (text: string): boolean => ulidPattern.test(text)

/** A run travels as a ULID and rests as the UUID of the same 128 bits: 16 bytes instead of 26. */
export const ulidToUuid = (ulid: string): string => {
  if (!isUlid(ulid)) throw new RangeError(`Expected a ULID of 26 characters, got ${JSON.stringify(ulid.slice(0, 40))}.`)
  let bits = 0n
  for (const character of ulid) bits = (bits << 5n) | BigInt(alphabet.indexOf(character))
  return bits
    .toString(16)
    .padStart(32, '0')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

export const uuidToUlid = (uuid: string): string => toUlid(BigInt(`0x${uuid.replaceAll('-', '')}`))
