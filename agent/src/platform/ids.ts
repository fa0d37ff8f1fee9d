// Makes ULIDs: 26 characters that sort by the millisecond they were made in and never meet again.
import { randomBytes } from 'node:crypto'

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** 48 bits of time and 80 of chance, most significant first. */
export function ulid(nowMs: number, random: (size: number) => Uint8Array = randomBytes): string {
  let bits = BigInt(Math.trunc(nowMs)) & 0xffff_ffff_ffffn
  for (const byte of random(10)) bits = (bits << 8n) | BigInt(byte)
  let text = ''
  for (let digit = 0; digit < 26; digit++) {
    text = alphabet.charAt(Number(bits & 31n)) + text
    bits >>= 5n
  }
  return text
}
