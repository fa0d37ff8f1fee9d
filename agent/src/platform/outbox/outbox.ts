// Keeps every record until the console has answered for it: on disk, in order, within bounds, counting what it had to drop.
import type { FaultCode } from '@sindri/schema/contract/codes'
import { LIMITS } from '@sindri/schema/contract/limits'
import { join } from 'node:path'
import type { Clock, Undo } from '../clock.ts'
import type { Log } from '../log.ts'
import { createBounds } from './bounds.ts'
import type { Answer, Batch, OutboxRecord, Refusal, Stream } from './records.ts'
import { streams } from './records.ts'
import { openStreamLog, type Held, type StreamLog } from './streamLog.ts'
import { createWriter } from './writer.ts'

export interface OutboxState {
  waiting: number
  inFlight: number
  diskBytes: number
  dropped: number
  refused: number
  /** Conditions for the console's screen, such as a disk that is full. */
  notices: string[]
}

/** What nobody has answered for yet, in flight or not. */
export interface StreamState {
  records: number
  /** Made by runs before this one. */
  former: number
  bytes: number
  /** Of these, what no disk has taken yet. */
  memoryBytes: number
}

export interface Outbox {
  /** `payload` must be JSON. Synchronous: order of calls is order of records. `atMs` is its stamp, in console time. */
  append(stream: Stream, atMs: number, payload: Readonly<Record<string, unknown>>): { run: string; seq: number }
  /** The next batch, of these streams alone, or null when nothing waits or enough is in flight. */
  take(of?: readonly Stream[]): Promise<Batch | null>
  /** STORED, REPEATED and REFUSED are final; a record without an answer waits again. */
  settle(batch: Batch, answer: Answer): void
  /** No answer came (UNAVAILABLE, time-out, closed link): all of it waits again, in its old place. */
  release(batch: Batch): void
  /**
   * The whole mutation was refused. Where that judges what is in it, it comes again in halves, until the record that
   * spoils it stands alone and is dropped. Where it judges the link or the caller, it is released.
   */
  refuseWhole(batch: Batch, why: { code: string; message: string }): void
  /** Called whenever something has been appended. */
  onAppend(run: () => void): Undo
  /** Called whenever something has been answered for. */
  onSettle(run: () => void): Undo
  state(): OutboxState
  held(stream: Stream): StreamState
  /** Resolves when everything appended so far to a stream is in its file, or cannot be; not yet synced. */
  written(stream: Stream): Promise<void>
  /** Resolves when everything appended so far is on disk, or cannot be. */
  flush(): Promise<void>
  /** Flushes; afterwards nothing is written or given out any more. */
  close(): Promise<void>
}

export interface OutboxOptions {
  /** null: memory only. */
  dir: string | null
  run: string
  clock: Clock
  nowMs: () => number | null
  log: Log
  spoolBytes?: number
  spoolMs?: number
  segmentBytes?: number
  /** Bound for records that the disk does not take. */
  memoryBytes?: number
}

const MiB = 1024 * 1024
/** Refusals of what was sent. All others, such as SUPERSEDED or FORBIDDEN, would drop good records for a bad link. */
const ofContent = new Set<string>(['BAD_INPUT', 'BAD_QUERY', 'CLOCK', 'TOO_COMPLEX', 'TOO_LARGE'] satisfies FaultCode[])
/** Refusals of one code and field are logged once; so many different ones are remembered. */
const refusalKinds = 200

interface Selection {
  stream: Stream
  held: readonly Held[]
}

export async function openOutbox(options: OutboxOptions): Promise<Outbox> {
  const { dir, run, clock, log } = options
  const segmentBytes = options.segmentBytes ?? 2 * MiB
  const openNotices: string[] = []

  async function openStream(stream: Stream): Promise<StreamLog> {
    const onRelocated = (): void =>
      log.warn('the spool was deleted under the agent; it has been written anew', { stream })
    const base = { segmentBytes, onRelocated }
    try {
      const { log: opened, lostBytes } = await openStreamLog({ ...base, dir: dir && join(dir, stream) })
      if (lostBytes > 0) log.warn('the spool ended in a torn entry, which was cut off', { stream, lostBytes })
      return opened
    } catch (error) {
      openNotices.push(`Unsent ${stream} are kept in memory only: their spool cannot be read.`)
      log.error('the spool cannot be read; it is left alone', { stream, error })
      return (await openStreamLog({ ...base, dir: null })).log
    }
  }

  const logs: Readonly<Record<Stream, StreamLog>> = {
    gaps: await openStream('gaps'),
    events: await openStream('events'),
    commands: await openStream('commands'),
    samples: await openStream('samples'),
  }
  const writer = createWriter({ dir, logs, clock, log })
  const bounds = createBounds({
    logs,
    nowMs: options.nowMs,
    log,
    onDrop: (stream) => void writer.write(stream, true),
    spoolBytes: options.spoolBytes ?? LIMITS.spoolBytes,
    spoolMs: options.spoolMs ?? LIMITS.spoolMs,
    memoryBytes: options.memoryBytes ?? 16 * MiB,
  })

  const lastSeq: Record<Stream, number> = { gaps: 0, events: 0, commands: 0, samples: 0 }
  const flights = new Map<Batch, readonly Held[]>()
  /** Being read for a batch; counts as in flight. */
  let taking = 0
  /** Halves of refused batches, first ones first: a record that spoils a mutation must not meet all its neighbours again. */
  let halves: Selection[] = []
  const seenRefusals = new Set<string>()
  const listeners = new Set<() => void>()
  const settleListeners = new Set<() => void>()
  let refused = 0
  let closed = false

  function append(
    stream: Stream,
    atMs: number,
    payload: Readonly<Record<string, unknown>>,
  ): { run: string; seq: number } {
    const seq = ++lastSeq[stream]
    logs[stream].add({ run, seq, atMs, body: Buffer.from(JSON.stringify({ ...payload, run, seq })) })
    writer.schedule(stream)
    bounds.enforce()
    for (const listener of listeners) listener()
    return { run, seq }
  }

  /** One report at a time: while it is on its way the gap goes on counting, instead of making a record of each drop. */
  async function reportGap(): Promise<void> {
    const { gap } = logs.samples
    if (!gap || logs.gaps.held.some(({ state }) => state !== 'gone')) return
    const [from, to] = [gap.fromMs, gap.toMs].map((ms) => new Date(ms).toISOString())
    append('gaps', gap.toMs, { from, to, dropped: gap.dropped })
    // Cleared only when the report cannot get lost any more; `forgetReportedGap` looks after a death in between.
    await writer.write('gaps', true)
    const { gap: now } = logs.samples
    logs.samples.setGap(
      now && now !== gap
        ? { fromMs: Math.min(gap.toMs, now.toMs), toMs: now.toMs, dropped: now.dropped - gap.dropped }
        : null,
    )
    void writer.write('samples', true)
  }

  async function forgetReportedGap(): Promise<void> {
    const { gap } = logs.samples
    for (const record of gap ? logs.gaps.held : []) {
      const text = (await logs.gaps.readBody(record))?.toString() ?? '{}'
      const { from, to, dropped } = JSON.parse(text) as Record<string, unknown>
      const times = [from, to].map((time) => Date.parse(String(time)))
      if (gap && times[0] === gap.fromMs && times[1] === gap.toMs && dropped === gap.dropped) logs.samples.setGap(null)
    }
  }

  function select(of: readonly Stream[]): Selection | null {
    for (const half of halves.filter(({ stream }) => of.includes(stream))) {
      halves.splice(halves.indexOf(half), 1)
      const held = half.held.filter(({ state }) => state === 'apart')
      if (held.length > 0) return { stream: half.stream, held }
    }
    for (const stream of streams.filter((each) => of.includes(each))) {
      const held: Held[] = []
      let bytes = 0
      for (const record of logs[stream].held) {
        if (record.state !== 'waiting') continue
        bytes += record.bodyBytes
        if (held.length === LIMITS.batchRecords || (held.length > 0 && bytes > LIMITS.batchBytes)) break
        held.push(record)
      }
      if (held.length > 0) return { stream, held }
    }
    return null
  }

  async function toBatch({ stream, held }: Selection): Promise<Batch | null> {
    const records: OutboxRecord[] = []
    const kept: Held[] = []
    const lost: Held[] = []
    for (const record of held) {
      const body = await logs[stream].readBody(record)
      if (!body) {
        lost.push(record)
        continue
      }
      kept.push(record)
      records.push({ run: record.run, seq: record.seq, value: JSON.parse(body.toString()) as Record<string, unknown> })
    }
    if (closed) return null
    if (lost.length > 0) {
      log.error('the spool gave back other bytes than were written to it', { stream, records: lost.length })
      bounds.drop(stream, lost)
      tellSettled()
    }
    if (records.length === 0) return null
    const batch: Batch = { stream, records, bytes: kept.reduce((total, { bodyBytes }) => total + bodyBytes, 0) }
    flights.set(batch, kept)
    return batch
  }

  /** In the order of the batch. Nothing but its answer changes what is in flight. */
  function land(batch: Batch): readonly Held[] {
    const held = flights.get(batch) ?? []
    flights.delete(batch)
    return held
  }

  function release(batch: Batch): void {
    for (const record of land(batch)) record.state = 'waiting'
  }

  function tellSettled(): void {
    for (const listener of settleListeners) listener()
  }

  function finish(stream: Stream, records: readonly Held[]): void {
    logs[stream].settle(records)
    if (records.length > 0) void writer.write(stream, false)
    tellSettled()
  }

  function noteRefusal(stream: Stream, why: Omit<Refusal, 'index'>): void {
    refused++
    const kind = `${stream} ${why.code} ${why.field ?? ''}`
    if (seenRefusals.has(kind) || seenRefusals.size >= refusalKinds) return
    seenRefusals.add(kind)
    log.error('the console refused a record for good; more of this kind are only counted', { stream, ...why })
  }

  await forgetReportedGap()
  bounds.enforce()

  return {
    append,
    async take(of = streams) {
      if (closed) return null
      bounds.enforce()
      await reportGap()
      if (flights.size + taking >= LIMITS.batchesInFlight) return null
      const selection = select(of)
      if (!selection) return null
      // Marked before anything is awaited, so that two calls never share a record.
      for (const record of selection.held) record.state = 'inFlight'
      taking++
      try {
        return await toBatch(selection)
      } finally {
        taking--
      }
    },
    settle(batch, { outcomes, refusals }) {
      const done: Held[] = []
      for (const [index, record] of land(batch).entries()) {
        const outcome = outcomes[index]
        if (outcome === 'REFUSED') {
          const {
            code = 'REFUSED',
            field = null,
            expected = null,
            got = null,
          } = refusals.find((one) => one.index === index) ?? {}
          noteRefusal(batch.stream, { code, field, expected, got })
        }
        if (outcome === 'STORED' || outcome === 'REPEATED' || outcome === 'REFUSED') done.push(record)
        else record.state = 'waiting'
      }
      finish(batch.stream, done)
    },
    release,
    refuseWhole(batch, { code, message }) {
      if (!ofContent.has(code)) return release(batch)
      const held = land(batch)
      if (held.length <= 1) {
        if (held.length === 1)
          noteRefusal(batch.stream, { code, field: null, expected: 'a record the console knows', got: message })
        return finish(batch.stream, held)
      }
      const middle = Math.ceil(held.length / 2)
      const parts = [held.slice(0, middle), held.slice(middle)]
      for (const record of held) record.state = 'apart'
      halves = [...parts.map((part) => ({ stream: batch.stream, held: part })), ...halves]
    },
    onAppend(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    onSettle(listener) {
      settleListeners.add(listener)
      return () => void settleListeners.delete(listener)
    },
    state() {
      const all = streams.flatMap((stream) => logs[stream].held)
      const notice = writer.notice()
      return {
        waiting: all.filter(({ state }) => state === 'waiting' || state === 'apart').length,
        inFlight: all.filter(({ state }) => state === 'inFlight').length,
        diskBytes: streams.reduce((total, stream) => total + logs[stream].diskBytes(), 0),
        dropped: bounds.dropped(),
        refused,
        notices: notice ? [...openNotices, notice] : openNotices,
      }
    },
    held(stream) {
      const held = logs[stream].held.filter(({ state }) => state !== 'gone')
      return {
        records: held.length,
        former: held.filter((record) => record.run !== run).length,
        bytes: held.reduce((sum, { bodyBytes }) => sum + bodyBytes, 0),
        memoryBytes: logs[stream].memoryBytes(),
      }
    },
    written: (stream) => writer.write(stream, false),
    async flush() {
      for (const stream of streams) await writer.write(stream, true)
    },
    async close() {
      closed = true
      await writer.close()
    },
  }
}
