// The records of one stream that nobody has answered for yet: in order, in memory until written, then on disk.
//
// Everything that touches files runs one after the other. Segments are deleted oldest first only, so that the mark that
// settles a record never disappears before the record does.
import { encodeMark, encodeRecord, scan, type Gap, type MarkEntry } from './frames.ts'
import { createSegment, openSegments, type Segment } from './segment.ts'

export interface Held {
  readonly run: string
  readonly seq: number
  readonly atMs: number
  readonly bodyBytes: number
  /** apart: it waits for a batch of its own, since the one it was in was refused as a whole. */
  state: 'waiting' | 'inFlight' | 'apart' | 'gone'
  /** Present until the record lies in a segment. */
  body: Buffer | null
  place: { segment: Segment; offset: number; frameBytes: number } | null
}

export interface StreamLog {
  readonly held: readonly Held[]
  /** Dropped and not reported yet. */
  readonly gap: Gap | null
  add(record: { run: string; seq: number; atMs: number; body: Buffer }): void
  /** Done with: stored, refused or dropped. */
  settle(records: readonly Held[]): void
  setGap(gap: Gap | null): void
  /** null where the bytes on disk are not what was written. */
  readBody(record: Held): Promise<Buffer | null>
  /** Brings everything that waits in memory to the file; with `sync` also to the disk. Then removes what is done with. */
  write(options: { sync: boolean }): Promise<void>
  /** Bytes in segments that still hold something. */
  diskBytes(): number
  /** Bytes of records that exist in memory only. */
  memoryBytes(): number
  close(): Promise<void>
}

/** An idle segment is replaced by a fresh one beyond this, so that a spool that keeps up stays small. */
const idleSegmentBytes = 128 * 1024

/** Sorted sequence numbers as closed ranges: a mark stays short because records settle nearly in order. */
function toRanges(records: readonly Held[]): MarkEntry['settled'] {
  const ranges: MarkEntry['settled'] = []
  for (const { run, seq } of records) {
    const last = ranges.at(-1)
    if (last && last[0] === run && last[2] + 1 === seq) last[2] = seq
    else ranges.push([run, seq, seq])
  }
  return ranges
}

export interface OpenedStreamLog {
  log: StreamLog
  lostBytes: number
}

export async function openStreamLog({
  dir,
  segmentBytes,
  onRelocated,
}: {
  /** null: nothing is ever written. */
  dir: string | null
  segmentBytes: number
  /** The files were deleted by somebody else and have been written anew. */
  onRelocated: () => void
}): Promise<OpenedStreamLog> {
  let held: Held[] = []
  let goneCount = 0
  let gap: Gap | null = null
  let gapChanged = false
  let settledUnmarked: Held[] = []
  const segments: Segment[] = []
  /** Takes appends: the last segment, unless it is torn. */
  let active: Segment | null = null
  let strays: Segment[] = []
  let nextNumber = 1
  const unsynced = new Set<Segment>()
  let lostBytes = 0
  let chain: Promise<unknown> = Promise.resolve()

  const exclusively = <T>(work: () => Promise<T>): Promise<T> => {
    const result = chain.then(work)
    chain = result.catch(() => {})
    return result
  }

  async function load(): Promise<void> {
    const settled = new Map<string, [number, number][]>()
    for await (const found of dir === null ? [] : openSegments(dir)) {
      segments.push(found.segment)
      lostBytes += found.lostBytes
      nextNumber = found.segment.number + 1
      for (const entry of found.entries) {
        if (entry.kind === 'mark') {
          gap = entry.gap
          for (const [run, from, to] of entry.settled) settled.set(run, [...(settled.get(run) ?? []), [from, to]])
          continue
        }
        const { run, seq, atMs, body, offset, frameBytes } = entry
        const place = { segment: found.segment, offset, frameBytes }
        held.push({ run, seq, atMs, bodyBytes: body.length, state: 'waiting', body: null, place })
      }
    }
    // Files that were written anew lie behind younger ones, so place does not tell age; run and number do.
    held = held
      .filter(({ run, seq }) => !settled.get(run)?.some(([from, to]) => from <= seq && seq <= to))
      .sort((a, b) => (a.run < b.run ? -1 : a.run > b.run ? 1 : a.seq - b.seq))
    for (const record of held) if (record.place) record.place.segment.live++
    const last = segments.at(-1)
    if (last && last.bytes < segmentBytes) active = last
  }

  async function toActive(): Promise<Segment> {
    if (dir === null) throw new Error('there is no directory to write to')
    if (active && active.bytes < segmentBytes) return active
    const segment = await createSegment(dir, nextNumber++)
    segments.push(segment)
    active = segment
    // The open gap is told anew at the head of each segment: the older ones, which told it before, may go.
    if (gap) {
      await append(segment, encodeMark({ settled: [], gap })).catch((error: unknown) => {
        gapChanged = true
        throw error
      })
    }
    return segment
  }

  async function append(segment: Segment, bytes: Buffer): Promise<number> {
    try {
      unsynced.add(segment)
      return await segment.append(bytes)
    } catch (error) {
      if (segment.torn && active === segment) active = null
      throw error
    }
  }

  /** Writes records to the active segment, a segment's worth at a time. */
  async function place(records: readonly { record: Held; body: Buffer }[]): Promise<void> {
    for (let next = 0; next < records.length;) {
      const segment = await toActive()
      const frames: Buffer[] = []
      const first = next
      for (let size = segment.bytes; next < records.length && size < segmentBytes; next++) {
        const item = records[next]
        if (!item) break
        const bytes = encodeRecord({ ...item.record, body: item.body })
        frames.push(bytes)
        size += bytes.length
      }
      let offset = await append(segment, Buffer.concat(frames))
      for (const [index, bytes] of frames.entries()) {
        const record = records[first + index]?.record
        if (!record) continue
        if (record.place) record.place.segment.live--
        record.place = { segment, offset, frameBytes: bytes.length }
        record.body = null
        if (record.state !== 'gone') segment.live++
        offset += bytes.length
      }
    }
  }

  /** Writes what lay in deleted files to new ones, while their open handles still give it. */
  async function relocate(): Promise<void> {
    for (const segment of segments) {
      if (!strays.includes(segment) && !(await segment.isLinked())) strays.push(segment)
    }
    if (strays.length === 0) return
    if (active && strays.includes(active)) active = null
    for (const stray of strays) {
      const found: { record: Held; body: Buffer }[] = []
      for (const record of held) {
        if (record.state === 'gone' || record.place?.segment !== stray) continue
        const body = await readPlaced(record)
        if (body) found.push({ record, body })
      }
      await place(found)
      strays = strays.filter((segment) => segment !== stray)
      segments.splice(segments.indexOf(stray), 1)
      unsynced.delete(stray)
      await stray.close()
    }
    gapChanged ||= gap !== null
    onRelocated()
  }

  async function readPlaced({ run, seq, place: at }: Held): Promise<Buffer | null> {
    if (!at) return null
    const bytes = await at.segment.read(at.offset, at.frameBytes).catch(() => Buffer.alloc(0))
    const entry = scan(bytes).entries[0]
    return entry?.kind === 'record' && entry.run === run && entry.seq === seq ? entry.body : null
  }

  async function writeMarks(): Promise<void> {
    if (settledUnmarked.length === 0 && !gapChanged) return
    // With no file left nothing needs to be marked as settled.
    if (segments.length === 0 && !gap) {
      settledUnmarked = []
      gapChanged = false
      return
    }
    // More may settle, and the gap may grow, while this is being written.
    const marked = settledUnmarked
    settledUnmarked = []
    gapChanged = false
    try {
      await append(await toActive(), encodeMark({ settled: toRanges(marked), gap }))
    } catch (error) {
      settledUnmarked = [...marked, ...settledUnmarked]
      gapChanged = true
      throw error
    }
  }

  /** `refused`: the disk took nothing more. What cannot be marked as done with still goes with its file, which makes room. */
  async function tidy(refused: boolean): Promise<void> {
    // An open gap may be told by these alone; and what was deleted under us is not written anew yet.
    if ((gap && gapChanged) || strays.length > 0) return
    for (let first = segments[0]; first && first.live === 0; first = segments[0]) {
      if (first === active) {
        if (gap || (first.bytes < idleSegmentBytes && !refused)) return
        active = null
      }
      segments.shift()
      unsynced.delete(first)
      await first.remove()
    }
  }

  const unwritten = (): Held[] => held.filter((record) => record.body !== null && record.state !== 'gone')

  await load()

  const log: StreamLog = {
    get held() {
      return held
    },
    get gap() {
      return gap
    },
    add({ run, seq, atMs, body }) {
      held.push({ run, seq, atMs, bodyBytes: body.length, state: 'waiting', body, place: null })
    },
    settle(records) {
      for (const record of records) {
        if (record.state === 'gone') continue
        record.state = 'gone'
        goneCount++
        if (record.place) {
          record.place.segment.live--
          settledUnmarked.push(record)
        }
      }
      if (goneCount * 2 > held.length) {
        held = held.filter((record) => record.state !== 'gone')
        goneCount = 0
      }
    },
    setGap(next) {
      gap = next
      gapChanged = true
    },
    readBody: (record) =>
      record.body ? Promise.resolve(record.body) : exclusively(async () => record.body ?? readPlaced(record)),
    write: ({ sync }) =>
      exclusively(async () => {
        if (dir === null) return
        let refused = true
        try {
          await relocate()
          const batch = unwritten().flatMap((record) => (record.body ? [{ record, body: record.body }] : []))
          await writeMarks()
          await place(batch)
          // Settled while they were being written: the file has them, so it must be told.
          settledUnmarked.push(...batch.map(({ record }) => record).filter(({ state }) => state === 'gone'))
          for (const segment of sync ? [...unsynced] : []) {
            await segment.sync()
            unsynced.delete(segment)
          }
          refused = false
        } finally {
          await tidy(refused)
        }
      }),
    diskBytes() {
      const firstLive = segments.findIndex((segment) => segment.live > 0)
      return firstLive < 0 ? 0 : segments.slice(firstLive).reduce((sum, segment) => sum + segment.bytes, 0)
    },
    memoryBytes: () => held.reduce((sum, { body, state }) => (body && state !== 'gone' ? sum + body.length : sum), 0),
    close: () =>
      exclusively(async () => {
        for (const segment of segments.splice(0)) await segment.close()
        active = null
      }),
  }
  return { log, lostBytes }
}
