// One terminal: its program, its ring, and everybody who looks at it or types into it.
import { LIMITS } from '@sindri/schema/contract/limits'
import type { Clock, Undo } from '../platform/clock.ts'
import { createBeacon } from './beacon.ts'
import { createCoalescer } from './coalesce.ts'
import { creditStart, foldCredit, type CreditEvent } from './credit.ts'
import type { ClosedFrame, EndReason, Publish } from './frames.ts'
import { hangUp } from './hangup.ts'
import { createLive } from './live.ts'
import type { TerminalAckOrder, TerminalAttachOrder, TerminalInputOrder, TerminalResizeOrder } from './orders.ts'
import { createOutlet } from './outlet.ts'
import type { Pty } from './pty.ts'
import { openReplay, type Replay } from './replay.ts'
import { createRing, type Size } from './ring.ts'
import { findSafeStart, scan, scanStart } from './safeStart.ts'
import { createWriters } from './writers.ts'

export interface TerminalEnd {
  finalOffset: number
  exitCode: number | null
  signal: string | null
  reason: EndReason
}

export interface TerminalReport {
  terminalId: string
  pid: number
  outputHead: number
  /** Null while it runs. */
  ended: TerminalEnd | null
}

export interface Session {
  attach(order: TerminalAttachOrder): void
  input(order: TerminalInputOrder): void
  ack(order: TerminalAckOrder): void
  resize(order: TerminalResizeOrder): void
  detach(attachmentId: string): void
  /** Resolves when no process is left. The first reason counts. */
  close(reason: EndReason): Promise<void>
  linkLost(): void
  linkRegained(): void
  report(): TerminalReport
  /** Monotonic time when an attachment was last heard of, or of the spawn. */
  readonly heardMs: number
  /** Monotonic time of the end; null while it runs. */
  readonly endedMs: number | null
  /** Somebody looks, and everybody who does has acknowledged the last byte. */
  readonly isSeenToTheEnd: boolean
  dispose(): void
}

export interface SessionOptions {
  terminalId: string
  pty: Pty
  size: Size
  ringBytes: number
  clock: Clock
  publish: Publish
  linkIsUp: boolean
  onEnded: (report: TerminalReport) => void
}

/** Live output on its way to the console; more waits in the ring. */
const inFlightBytes = 256 * 1024
/** Looked at for a safe start: what a full-screen program writes without a line feed is not worth losing more for. */
const safeStartBytes = 64 * 1024
/** Long enough for a program to notice the first of the two sizes: a library that finds its size unchanged draws nothing. */
const nudgeMs = 100
/** Beyond, the one attached first is forgotten: pages that died without a word. */
const maxAttachments = 32

const clamp = (value: number, [least, most]: readonly [number, number]): number =>
  Math.min(most, Math.max(least, Math.trunc(value) || least))

export const toSize = ({ cols, rows }: Size): Size => ({
  cols: clamp(cols, LIMITS.terminalColumns),
  rows: clamp(rows, LIMITS.terminalRows),
})

export function openSession(options: SessionOptions): Session {
  const { terminalId, pty, clock, publish, onEnded } = options
  let beforeRing = scanStart
  const ring = createRing({
    ringBytes: options.ringBytes,
    size: options.size,
    onEvict: (bytes) => void (beforeRing = scan(beforeRing, bytes)),
  })
  const replays = new Map<string, Replay>()
  let credit = creditStart
  let heardMs = clock.monotonicMs()
  let endedMs: number | null = null
  let closed: ClosedFrame | null = null
  let closedIsSent = false
  let reason: EndReason | null = null
  let closing: Promise<void> | null = null
  let pumping = false
  let pumpAgain = false
  let undoRecheck: Undo | null = null
  let undoNudge: Undo | null = null

  const outlet = createOutlet({ publish, isUp: options.linkIsUp, inFlightBytes, onRoom: pump })
  const live = createLive({
    ring,
    outlet,
    hasFollowers: () => replays.values().some((replay) => replay.joined),
    onSent(offset) {
      const { governorId } = credit.view
      if (governorId) on({ kind: 'sent', id: governorId, offset })
    },
  })
  const coalescer = createCoalescer({ clock, flush: pump })
  const beacon = createBeacon({ clock, send: sendBeacon })
  const writers = createWriters({ write: pty.write, onWritten: beacon.soon })

  pty.onData((bytes) => {
    ring.append(bytes)
    on({ kind: 'output', head: ring.head })
    coalescer.push(bytes.length)
    beacon.active()
  })
  pty.onExit(({ exitCode, signal }) => {
    endedMs = clock.monotonicMs()
    closed = { kind: 'closed', finalOffset: ring.head, exitCode, signal, reason: reason ?? 'EXITED' }
    coalescer.flush()
    pump()
    beacon.active()
    onEnded(report())
  })

  /** What is sent may change the credit, and that the size, which is to be sent: later, not in the middle. */
  function pump(): void {
    pumpAgain = true
    if (pumping) return
    pumping = true
    while (pumpAgain) {
      pumpAgain = false
      live.pump()
      for (const replay of replays.values()) replay.pump()
    }
    pumping = false
    if (!closed || closedIsSent || !outlet.isUp || live.cursor.offset < closed.finalOffset) return
    closedIsSent = true
    outlet.send(null, [closed])
  }

  function on(event: CreditEvent): void {
    const before = credit.view
    credit = foldCredit(credit, event, clock.monotonicMs())
    const { paused, governorId, size, recheckMs } = credit.view
    if (paused !== before.paused) {
      if (paused) pty.pause()
      else pty.resume()
    }
    if (recheckMs !== before.recheckMs) {
      undoRecheck?.()
      undoRecheck = recheckMs === null ? null : clock.after(recheckMs - clock.monotonicMs(), () => on({ kind: 'tick' }))
    }
    if (governorId !== before.governorId) beacon.soon()
    if (size && !undoNudge) resizeTo(size)
  }

  function resizeTo(size: Size): void {
    if (closed || (size.cols === ring.size.cols && size.rows === ring.size.rows)) return
    pty.resize(size)
    ring.resize(size)
    pump()
    beacon.active()
  }

  /** A screen without its past is right once the program draws it again, which it does for a new size. */
  function nudge(): void {
    if (undoNudge) return
    const size = ring.size
    undoNudge = clock.after(nudgeMs, () => {
      undoNudge = null
      resizeTo(credit.view.size ?? size)
    })
    resizeTo({ ...size, rows: size.rows > 1 ? size.rows - 1 : size.rows + 1 })
  }

  function safeStart(): number {
    const { items } = ring.read(ring.at(ring.start).cursor, safeStartBytes)
    const bytes = Buffer.concat(items.flatMap((item) => (item.kind === 'output' ? [item.data] : [])))
    return ring.start + findSafeStart(beforeRing, bytes)
  }

  function sendBeacon(): boolean {
    if (replays.size === 0) return false
    const outputHead = live.cursor.offset
    const { governorId: governor } = credit.view
    const frame = { kind: 'beacon', outputHead, inputAcks: writers.acks(), governor, ...ring.size } as const
    outlet.send(null, closedIsSent && closed ? [frame, closed] : [frame])
    return true
  }

  function forget(attachmentId: string): void {
    replays.delete(attachmentId)
    on({ kind: 'detach', id: attachmentId })
  }

  function heard(): void {
    heardMs = clock.monotonicMs()
  }

  const report = (): TerminalReport => ({ terminalId, pid: pty.pid, outputHead: ring.head, ended: closed && toEnd(closed) })

  return {
    get heardMs() {
      return heardMs
    },
    get endedMs() {
      return endedMs
    },
    get isSeenToTheEnd() {
      return closed !== null && replays.size > 0 && replays.values().every((replay) => replay.acked >= ring.head)
    },
    report,

    attach({ attachmentId, from, cols, rows }) {
      heard()
      const replay = openReplay({
        attachmentId,
        from,
        ring,
        live,
        outlet,
        safeStart,
        onSent: (offset) => on({ kind: 'sent', id: attachmentId, offset }),
        onLost: (offset) => on({ kind: 'skip', id: attachmentId, offset }),
        onJoined(lost) {
          if (closed) outlet.send(attachmentId, [closed])
          else if (lost) nudge()
        },
      })
      replays.delete(attachmentId)
      replays.set(attachmentId, replay)
      const oldest = replays.keys().next().value
      if (replays.size > maxAttachments && oldest !== undefined) forget(oldest)
      const has = from !== null && from <= ring.head ? from : 0
      on({ kind: 'attach', id: attachmentId, from: has, size: toSize({ cols, rows }) })
      pump()
      beacon.active()
    },
    input({ writer, offset, data }) {
      if (closed) return
      heard()
      coalescer.expectEcho()
      if (writers.input(writer, offset, data)) on({ kind: 'typed', id: writer })
      // A repeat means that its acknowledgement was lost.
      else beacon.soon()
      beacon.active()
    },
    ack({ attachmentId, offset }) {
      heard()
      replays.get(attachmentId)?.ack(offset)
      on({ kind: 'ack', id: attachmentId, offset })
      pump()
    },
    resize({ attachmentId, cols, rows }) {
      heard()
      on({ kind: 'resize', id: attachmentId, size: toSize({ cols, rows }) })
    },
    detach(attachmentId) {
      heard()
      forget(attachmentId)
    },
    close(why) {
      reason ??= why
      closing ??= closed ? Promise.resolve() : hangUp(pty, clock)
      return closing
    },
    linkLost() {
      outlet.down()
      // Whoever follows over the next link must hear it again.
      closedIsSent = false
    },
    linkRegained() {
      outlet.up()
      pump()
      beacon.soon()
    },
    dispose() {
      coalescer.stop()
      beacon.stop()
      undoRecheck?.()
      undoNudge?.()
    },
  }
}

const toEnd = ({ finalOffset, exitCode, signal, reason }: ClosedFrame): TerminalEnd => ({ finalOffset, exitCode, signal, reason })
