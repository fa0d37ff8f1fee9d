// How entries lie in a segment file: length, checksum, payload; whatever is cut off or damaged ends the reading there.
import { crc32 } from 'node:zlib'

/** What the spool has dropped since the last report of it. Times are `at` of the first and last dropped, in ms. */
export interface Gap {
  fromMs: number
  toMs: number
  dropped: number
}

export interface RecordEntry {
  kind: 'record'
  run: string
  seq: number
  atMs: number
  body: Buffer
  offset: number
  frameBytes: number
}

/** Says which earlier records are done with, and how the open gap stands now. */
export interface MarkEntry {
  kind: 'mark'
  settled: [run: string, from: number, to: number][]
  gap: Gap | null
}

export type Entry = RecordEntry | MarkEntry

const headBytes = 8
const recordKind = 1
const markKind = 2
const runBytes = 26
const recordHeadBytes = 1 + runBytes + 6 + 8
/** Far above any record; a length beyond it is damage, not data. */
const maxPayloadBytes = 16 * 1024 * 1024

function frame(payload: Buffer): Buffer {
  const head = Buffer.allocUnsafe(headBytes)
  head.writeUInt32BE(payload.length, 0)
  head.writeUInt32BE(crc32(payload), 4)
  return Buffer.concat([head, payload])
}

export function encodeRecord({ run, seq, atMs, body }: Pick<RecordEntry, 'run' | 'seq' | 'atMs' | 'body'>): Buffer {
  const head = Buffer.allocUnsafe(recordHeadBytes)
  head.writeUInt8(recordKind, 0)
  head.write(run.padEnd(runBytes), 1, runBytes, 'latin1')
  head.writeUIntBE(seq, 1 + runBytes, 6)
  head.writeDoubleBE(atMs, 1 + runBytes + 6)
  return frame(Buffer.concat([head, body]))
}

export function encodeMark({ settled, gap }: Omit<MarkEntry, 'kind'>): Buffer {
  return frame(Buffer.concat([Buffer.from([markKind]), Buffer.from(JSON.stringify({ settled, gap }))]))
}

function decode(payload: Buffer, offset: number): Entry | null {
  if (payload[0] === recordKind && payload.length >= recordHeadBytes) {
    return {
      kind: 'record',
      run: payload.toString('latin1', 1, 1 + runBytes).trimEnd(),
      seq: payload.readUIntBE(1 + runBytes, 6),
      atMs: payload.readDoubleBE(1 + runBytes + 6),
      body: payload.subarray(recordHeadBytes),
      offset,
      frameBytes: headBytes + payload.length,
    }
  }
  if (payload[0] !== markKind) return null
  const { settled, gap } = JSON.parse(payload.toString('utf8', 1)) as Omit<MarkEntry, 'kind'>
  return { kind: 'mark', settled, gap }
}

/** All whole entries from the front, and how many bytes they fill. */
export function scan(bytes: Buffer): { entries: Entry[]; validBytes: number } {
  const entries: Entry[] = []
  let offset = 0
  while (offset + headBytes < bytes.length) {
    const length = bytes.readUInt32BE(offset)
    const end = offset + headBytes + length
    // A zero length would pass its checksum: blocks of zeros are what a power cut leaves behind.
    if (length === 0 || length > maxPayloadBytes || end > bytes.length) break
    const payload = bytes.subarray(offset + headBytes, end)
    if (crc32(payload) !== bytes.readUInt32BE(offset + 4)) break
    const entry = decode(payload, offset)
    if (!entry) break
    entries.push(entry)
    offset = end
  }
  return { entries, validBytes: offset }
}
