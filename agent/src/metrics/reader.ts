// The reader for this platform.
import type { Clock } from '../platform/clock.ts'
import { createLinuxReader } from './linux/reader.ts'
import type { Reader } from './reading.ts'

/** systeminformation is loaded only where it is used. */
export async function createReader(clock: Clock): Promise<Reader> {
  if (process.platform === 'linux') return createLinuxReader(clock)
  const { createPortableReader } = await import('./portable.ts')
  return createPortableReader(clock)
}
