// Makes ULIDs: 26 characters of time and chance that never meet again.
import type { Clock } from './clock.ts'

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

const digits = (value: number, count: number): string =>
  Array.from({ length: count }, (_, at) => alphabet[Math.floor(value / 32 ** (count - 1 - at)) % 32]).join('')

export const newUlid = (clock: Clock): string => {
  const chance = crypto.getRandomValues(new Uint8Array(16))
  return `${digits(clock.now(), 10)}${Array.from(chance, (byte) => alphabet[byte % 32]).join('')}`
}
