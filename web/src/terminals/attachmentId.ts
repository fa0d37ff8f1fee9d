// Names one hold of one page on a terminal: "att_" and a ULID.
import type { Clock } from '../platform/clock.ts'

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

const digits = (value: number, count: number): string =>
  Array.from({ length: count }, (_, at) => alphabet[Math.floor(value / 32 ** (count - 1 - at)) % 32]).join('')

export const newAttachmentId = (clock: Clock): string => {
  const chance = crypto.getRandomValues(new Uint8Array(16))
  return `att_${digits(clock.now(), 10)}${Array.from(chance, (byte) => alphabet[byte % 32]).join('')}`
}
