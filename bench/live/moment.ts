// When something was there, by what it carries.
export interface Moment {
  /** Time that a sample carries: no two are alike. */
  key: string
  ms: number
}

const mark = '"at":"'
const length = '2026-01-01T00:00:00.000Z'.length

/** The key of a frame, found without reading the rest of it; null for one that carries no sample. */
export function keyOf(frame: Buffer): string | null {
  const begin = frame.indexOf(mark)
  return begin === -1 ? null : frame.toString('latin1', begin + mark.length, begin + mark.length + length)
}
