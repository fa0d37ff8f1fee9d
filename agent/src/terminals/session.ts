// One terminal: its program, its ring, and everybody who looks at it or types into it.
import type { Clock, Undo } from '../platform/clock.ts'
import { endProcesses } from '../platform/endProcesses.ts'
import { createBeacon } from './beacon.ts'
import { createCoalescer } from './coalesce.ts'
import { creditStart, foldCredit, type CreditEvent } from './credit.ts'
import type { BeaconFrame, ClosedFrame, EndReason, Publish } from './frames.ts'
import { createHistory } from './history.ts'
import { createLive } from './live.ts'
import type { TerminalAckOrder, TerminalAttachOrder, TerminalInputOrder, TerminalResizeOrder } from './orders.ts'
import { createOutlet } from './outlet.ts'
import type { Pty } from './pty.ts'
import { openReplay, type Replay } from './replay.ts'
import { isSameSize, toSize, type Size } from './size.ts'
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
  /** When somebody who looks was last heard of, in monotonic time: a page says each minute that it is there. */
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
/** Long enough for a program to notice the first of the two sizes: a library that finds its size unchanged draws nothing. */
const nudgeMs = 100
/** Beyond, the one not heard of for longest is forgotten: pages that died without a word. */
const maxAttachments = 32
/** Between two words to those who were forgotten. */
const forgottenMs = 100
/** A program that has just started waits for answers to what it asks its terminal; later ones would be typed into another. */
const freshMs = 5_000

export function openSession(options: SessionOptions): Session {
  const { terminalId, pty, clock, publish, onEnded } = options
  const history = createHistory(options)
  /** In the order in which they were last heard of. */
  const replays = new Map<string, Replay>()
  let credit = creditStart
  const startedMs = clock.monotonicMs()
  let heardMs = startedMs
  let toldForgottenMs = -Infinity
  let sentHead = 0
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
    ring: history,
    outlet,
    hasFollowers: () => replays.values().some((replay) => replay.joined),
    onSent(offset) {
      sentHead = Math.max(sentHead, offset)
      const { governorId } = credit.view
      if (governorId) on({ kind: 'sent', id: governorId, offset })
    },
  })
  const coalescer = createCoalescer({ clock, release, isBusy: () => outlet.isBusy(null) })
  const beacon = createBeacon({ clock, send: sendBeacon })
  const writers = createWriters({ write: pty.write, onWritten: beacon.soon, isThere: (id) => replays.has(id) })

  pty.onData((bytes) => {
    history.append(bytes)
    if (history.head > credit.view.calmTo) on({ kind: 'output', head: history.head })
    coalescer.push(bytes.length)
  })
  pty.onExit(({ exitCode, signal }) => {
    endedMs = clock.monotonicMs()
    closed = { kind: 'closed', finalOffset: history.head, exitCode, signal, reason: reason ?? 'EXITED' }
    release(0)
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

  function release(restBytes: number): void {
    live.release(restBytes)
    pump()
    beacon.active()
  }

  function on(event: CreditEvent): void {
    const before = credit.view
    const nowMs = clock.monotonicMs()
    if (credit.head < history.head) credit = foldCredit(credit, { kind: 'output', head: history.head }, nowMs)
    credit = foldCredit(credit, event, nowMs)
    const { paused, governorId, size, recheckMs } = credit.view
    if (paused !== before.paused) {
      if (paused) pty.pause()
      else pty.resume()
    }
    // Timers may fire a hair early: a tick that came too soon must be followed by another one.
    if (recheckMs !== before.recheckMs || event.kind === 'tick') {
      undoRecheck?.()
      const inMs = recheckMs === null ? null : Math.max(1, recheckMs - clock.monotonicMs())
      undoRecheck = inMs === null ? null : clock.after(inMs, () => on({ kind: 'tick' }))
    }
    if (governorId !== before.governorId) beacon.soon()
    if (size && !undoNudge) resizeTo(size)
  }

  function resizeTo(size: Size): void {
    if (closed || isSameSize(size, history.size)) return
    pty.resize(size)
    history.resize(size)
    release(0)
  }

  /** A screen without its past is right once the program draws it again, which it does for a new size. */
  function nudge(): void {
    if (undoNudge) return
    const size = history.size
    undoNudge = clock.after(nudgeMs, () => {
      undoNudge = null
      resizeTo(credit.view.size ?? size)
    })
    resizeTo({ ...size, rows: size.rows > 1 ? size.rows - 1 : size.rows + 1 })
  }

  const toBeacon = (): BeaconFrame => {
    const { governorId: governor } = credit.view
    return { kind: 'beacon', outputHead: live.cursor.offset, inputAcks: writers.acks(), governor, ...history.size }
  }

  function sendBeacon(): boolean {
    if (replays.size === 0) return false
    const frame = toBeacon()
    outlet.send(null, closedIsSent && closed ? [frame, closed] : [frame])
    return true
  }

  function forget(attachmentId: string): void {
    replays.delete(attachmentId)
    on({ kind: 'detach', id: attachmentId })
  }

  /** It looks all the same: as if its replay began, so that the console keeps back what it would not be heard about. */
  function tellForgotten(attachmentId: string): void {
    const nowMs = clock.monotonicMs()
    // It may acknowledge this at once, and be told again, without end. One that is not told now says it again within a second.
    if (nowMs - toldForgottenMs < forgottenMs) return
    toldForgottenMs = nowMs
    outlet.send(attachmentId, [{ kind: 'resized', offset: history.head, ...history.size, replay: true }])
  }

  /** Undefined: it was forgotten, and is told so. */
  function heard(attachmentId: string): Replay | undefined {
    heardMs = clock.monotonicMs()
    const replay = replays.get(attachmentId)
    if (replay) {
      replays.delete(attachmentId)
      replays.set(attachmentId, replay)
    } else tellForgotten(attachmentId)
    return replay
  }

  const report = (): TerminalReport => ({
    terminalId,
    pid: pty.pid,
    outputHead: history.head,
    ended: closed && toEnd(closed),
  })

  return {
    get heardMs() {
      return heardMs
    },
    get endedMs() {
      return endedMs
    },
    get isSeenToTheEnd() {
      return closed !== null && replays.size > 0 && replays.values().every((replay) => replay.acked >= history.head)
    },
    report,

    attach({ attachmentId, from, cols, rows }) {
      const replay = openReplay({
        attachmentId,
        from,
        history,
        live,
        outlet,
        onSent(offset) {
          sentHead = Math.max(sentHead, offset)
          on({ kind: 'sent', id: attachmentId, offset })
        },
        shownTo: () => (clock.monotonicMs() - startedMs < freshMs ? sentHead : Infinity),
        onLost: (offset) => on({ kind: 'skip', id: attachmentId, offset }),
        onJoined(lost) {
          // Whoever does not govern must not answer the first query that comes live.
          outlet.send(attachmentId, [toBeacon()])
          if (closed) outlet.send(attachmentId, [closed])
          else if (lost) nudge()
        },
      })
      replays.delete(attachmentId)
      replays.set(attachmentId, replay)
      heardMs = clock.monotonicMs()
      const oldest = replays.keys().next().value
      if (replays.size > maxAttachments && oldest !== undefined) forget(oldest)
      const has = from !== null && from <= history.head ? from : 0
      on({ kind: 'attach', id: attachmentId, from: has, size: toSize({ cols, rows }) })
      release(0)
    },
    input({ writer, offset, data }) {
      if (closed) return
      heard(writer)
      coalescer.expectEcho()
      if (writers.input(writer, offset, data)) on({ kind: 'typed', id: writer })
      // A repeat means that its acknowledgement was lost.
      else beacon.soon()
      beacon.active()
    },
    ack({ attachmentId, offset }) {
      heard(attachmentId)?.ack(offset)
      on({ kind: 'ack', id: attachmentId, offset })
      pump()
    },
    resize({ attachmentId, cols, rows }) {
      heard(attachmentId)
      on({ kind: 'resize', id: attachmentId, size: toSize({ cols, rows }) })
    },
    detach(attachmentId) {
      heardMs = clock.monotonicMs()
      forget(attachmentId)
    },
    close(why) {
      reason ??= why
      closing ??= closed ? Promise.resolve() : endProcesses(pty, 'SIGHUP', clock)
      return closing
    },
    linkLost() {
      outlet.down()
      // Whoever follows over the next link must hear it again.
      closedIsSent = false
    },
    linkRegained() {
      outlet.up()
      release(0)
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

const toEnd = ({ finalOffset, exitCode, signal, reason }: ClosedFrame): TerminalEnd => ({
  finalOffset,
  exitCode,
  signal,
  reason,
})
