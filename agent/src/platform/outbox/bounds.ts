// Keeps the outbox within its bounds: drops the oldest samples first, and says from when to when and how many.
import type { Log } from '../log.ts'
import type { Gap } from './frames.ts'
import { streams, type Stream } from './records.ts'
import type { Held, StreamLog } from './streamLog.ts'

export interface Bounds {
  enforce(): void
  drop(stream: Stream, records: readonly Held[]): void
  dropped(): number
}

export interface BoundsOptions {
  logs: Readonly<Record<Stream, StreamLog>>
  /** Console time, by which the age of a record is judged; null while only this machine's own clock is known, which may be wrong. */
  nowMs: () => number | null
  log: Log
  /** Called when a drop must reach the disk. */
  onDrop: (stream: Stream) => void
  spoolBytes: number
  spoolMs: number
  memoryBytes: number
}

function widen(gap: Gap | null, records: readonly Held[]): Gap {
  let { fromMs, toMs, dropped } = gap ?? { fromMs: Infinity, toMs: -Infinity, dropped: 0 }
  for (const { atMs } of records) {
    fromMs = Math.min(fromMs, atMs)
    toMs = Math.max(toMs, atMs)
    dropped++
  }
  return { fromMs, toMs, dropped }
}

export function createBounds({ logs, nowMs, log, onDrop, spoolBytes, spoolMs, memoryBytes }: BoundsOptions): Bounds {
  let dropped = 0

  function drop(stream: Stream, records: readonly Held[]): void {
    if (records.length === 0) return
    dropped += records.length
    logs[stream].settle(records)
    if (stream === 'samples') logs.samples.setGap(widen(logs.samples.gap, records))
    else log.error('records were lost', { stream, dropped: records.length })
    onDrop(stream)
  }

  /** Oldest first, so the first that is young enough ends it. What is in flight is left: its answer is awaited. */
  function dropAged(): void {
    const presentMs = nowMs()
    if (presentMs === null) return
    const oldestMs = presentMs - spoolMs
    const aged: Held[] = []
    for (const record of logs.samples.held) {
      if (record.state === 'gone') continue
      if (record.atMs >= oldestMs) break
      if (record.state === 'waiting') aged.push(record)
    }
    drop('samples', aged)
  }

  /** Room on disk is won by whole files only. */
  function dropOldestSegment(): boolean {
    const held = logs.samples.held.filter(({ state }) => state !== 'gone')
    const first = held.find(({ place }) => place)?.place?.segment
    const records = held.filter(({ place }) => first && place?.segment === first)
    if (records.length === 0 || records.some(({ state }) => state === 'inFlight')) return false
    drop('samples', records)
    return true
  }

  const sum = (of: (streamLog: StreamLog) => number): number =>
    streams.reduce((total, stream) => total + of(logs[stream]), 0)

  /**
   * Records that the disk does not take. Events go only when no sample is left to drop, and ends of commands last. The report of a gap never goes:
   * it says what was dropped, and there is one at a time.
   */
  function dropFromMemory(): void {
    let excess = sum((streamLog) => streamLog.memoryBytes()) - memoryBytes
    for (const stream of ['samples', 'events', 'commands'] as const) {
      const victims: Held[] = []
      for (const record of logs[stream].held) {
        if (excess <= 0) break
        if (record.state !== 'waiting' || !record.body) continue
        victims.push(record)
        excess -= record.bodyBytes
      }
      drop(stream, victims)
    }
  }

  return {
    drop,
    dropped: () => dropped,
    enforce() {
      dropAged()
      while (sum((streamLog) => streamLog.diskBytes()) > spoolBytes && dropOldestSegment());
      dropFromMemory()
    },
  }
}
