// One page's hold on a terminal: shows its output byte for byte, gives credit for it, and brings every key there exactly once.
import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import { LIMITS } from '@sindri/schema/contract/limits'
import { watch } from 'vue'
import {
  AckTerminalOutputDocument,
  ResizeTerminalDocument,
  SendTerminalInputDocument,
  TerminalOutputDocument,
  type TerminalOutputSubscription,
} from '../graph/gql/graphql.ts'
import type { ShownFault } from '../graph/faults.ts'
import type { Graph } from '../graph/graph.ts'
import type { Clock, Undo } from '../platform/clock.ts'
import { newUlid } from '../platform/ulid.ts'
import { fromBase64, toBase64 } from './base64.ts'
import { createInputQueue } from './inputQueue.ts'
import { createOutputOrder, type Step } from './outputOrder.ts'
import { isOwnAnswer } from './ownAnswers.ts'

type Frame = TerminalOutputSubscription['terminalOutput']
export type ClosedFrame = Extract<Frame, { __typename: 'TerminalClosed' }>

export interface Size {
  cols: number
  rows: number
}

/** What shows the output; `done` is called once the bytes are on screen. */
export interface Screen {
  write(bytes: Uint8Array, done: () => void): void
  resize(size: Size): void
  /** Clears everything and says how many bytes are missing. */
  lost(bytes: number): void
}

export interface AttachmentState {
  phase: 'attaching' | 'replaying' | 'live' | 'ended' | 'refused'
  /** Nothing was heard for so long that keys are not taken. */
  silentSince: number | null
  /** Typed, not acknowledged, and too old to be sent without a word of the user. */
  stale: { bytes: number; sinceMs: number } | null
  /** This page's size and credit are in force. */
  governs: boolean
  size: Size | null
  closed: ClosedFrame | null
  fault: ShownFault | null
}

export interface Attachment {
  /** What the emulator emits. False: it was not taken. */
  type(data: string | Uint8Array): boolean
  resize(size: Size): void
  sendStale(): void
  discardStale(): void
  detach(): void
}

export interface AttachmentDeps {
  graph: Pick<Graph, 'subscribe' | 'link'>
  clock: Clock
  terminalId: string
  size: Size
  screen: Screen
  onState: (state: AttachmentState) => void
}

const tickMs = 250
/** Acknowledged at once when so much was shown, else after the pause: an acknowledgement per chunk would double the traffic. */
const ackBytes = 32 * 1024
const ackPauseMs = 40
/** A head beyond ours for this long means that frames were lost. */
const missingMs = 1000
const repeatAckMs = 1000
/** Acknowledgements repeat for this long after the last output; by then a beacon has told the truth. */
const repeatForMs = 5000
const idleAckMs = 60_000

const limits = {
  chunkBytes: LIMITS.terminalInputBytes,
  holdBytes: LIMITS.terminalInputHoldBytes,
  resendMs: LIMITS.inputResendMs,
  staleMs: LIMITS.inputStaleMs,
}

export const attachTerminal = (deps: AttachmentDeps): Attachment => {
  const { graph, clock, terminalId, screen } = deps
  const encoder = new TextEncoder()
  const order = createOutputOrder()
  const newAttachment = (): string => `att_${newUlid(clock)}`
  let input = createInputQueue(limits)
  let attachmentId = newAttachment()
  let { size } = deps
  let state: AttachmentState = { phase: 'attaching', silentSince: null, stale: null, governs: true, size: null, closed: null, fault: null }
  let unsubscribe: Undo = () => {}
  let undoRetry: Undo = () => {}
  let undoAck: Undo = () => {}
  const underWay = new Set<Undo>()
  let writing = 0
  let replaying = 0
  let shown = 0
  let acked = 0
  let ackedAt = 0
  let outputAt = 0
  let heardAt = clock.elapsed()
  let missingSince: number | null = null
  let stopped = false

  const set = (change: Partial<AttachmentState>): void => {
    const next = { ...state, ...change }
    if (Object.entries(next).every(([key, value]) => Object.is(state[key as keyof AttachmentState], value))) return
    state = next
    deps.onState(state)
  }

  /** Over the socket, where it overtakes nothing of ours by much. It dies with its connection: offsets make sending again our task. */
  const send = <Data, Variables extends Record<string, unknown>>(document: TypedDocumentNode<Data, Variables>, variables: Variables): void => {
    if (graph.link.value.state !== 'live') return
    const undo = graph.subscribe(document, variables, {
      next: () => {},
      fault: () => underWay.delete(undo),
      end: () => underWay.delete(undo),
    })
    underWay.add(undo)
  }

  const ack = (): void => {
    undoAck()
    undoAck = () => {}
    acked = shown
    ackedAt = clock.elapsed()
    send(AckTerminalOutputDocument, { terminalId, attachmentId, offset: shown })
  }
  const ackSoon = (): void => {
    if (shown - acked >= ackBytes) return ack()
    undoAck()
    undoAck = clock.after(ackPauseMs, ack)
  }

  const show = (step: Step): void => {
    switch (step.kind) {
      case 'write': {
        writing++
        if (step.replay) replaying++
        const end = order.next ?? 0
        return screen.write(step.bytes, () => {
          writing--
          if (step.replay) replaying--
          shown = Math.max(shown, end)
          if (!stopped) ackSoon()
        })
      }
      case 'resize':
        set({ size: { cols: step.cols, rows: step.rows } })
        return screen.resize(step)
      case 'lost':
        return screen.lost(step.bytes)
      case 'joined':
        set({ phase: 'live', size: { cols: step.cols, rows: step.rows } })
        return screen.resize(step)
    }
  }

  const take = (frame: Frame): void => {
    heardAt = clock.elapsed()
    switch (frame.__typename) {
      case 'TerminalOutput':
        outputAt = heardAt
        if (frame.replay && state.phase === 'attaching') set({ phase: 'replaying' })
        return order.take({ kind: 'output', offset: frame.offset, bytes: fromBase64(frame.data), replay: frame.replay }).forEach(show)
      case 'TerminalResized':
        return order.take({ ...frame, kind: 'resized' }).forEach(show)
      case 'TerminalLost':
        return order.take({ ...frame, kind: 'lost' }).forEach(show)
      case 'TerminalJoined':
        return order.take({ ...frame, kind: 'joined' }).forEach(show)
      case 'TerminalBeacon': {
        const mine = frame.inputAcks.find(({ writer }) => writer === attachmentId)
        if (mine) input.acknowledge(mine.offset)
        const behind = order.next === null ? frame.outputHead > 0 : frame.outputHead > order.next
        missingSince = behind ? (missingSince ?? clock.elapsed()) : null
        // A beacon that stands where we stand makes good a lost change of size.
        if (frame.outputHead === order.next && (frame.cols !== state.size?.cols || frame.rows !== state.size?.rows)) {
          show({ kind: 'resize', cols: frame.cols, rows: frame.rows, replay: false })
        }
        // An idle page still looks: the agent ends a terminal that nobody was heard of for a day.
        if (clock.elapsed() - ackedAt >= idleAckMs) ack()
        return set({ governs: frame.governor === attachmentId || frame.governor === null })
      }
      case 'TerminalClosed':
        if (frame.finalOffset !== null && order.next !== null && frame.finalOffset > order.next) screen.lost(frame.finalOffset - order.next)
        release()
        return set({ phase: 'ended', closed: frame, stale: null, silentSince: null })
    }
  }

  const attach = (): void => {
    undoRetry()
    unsubscribe()
    if (stopped || state.phase === 'ended' || graph.link.value.state !== 'live') return
    order.forget()
    missingSince = null
    set({ phase: 'attaching', fault: null })
    unsubscribe = graph.subscribe(
      TerminalOutputDocument,
      { terminalId, attachmentId, from: order.next, ...size },
      {
        next: ({ terminalOutput }) => take(terminalOutput),
        fault: (fault) => {
          if (!fault.retry) return set({ phase: 'refused', fault })
          retry()
        },
        // Ended without the end of the terminal: the console let go of us.
        end: () => state.phase !== 'ended' && retry(),
      },
    )
  }
  const retry = (): void => {
    undoRetry()
    undoRetry = clock.after(200 + clock.chance() * 800, attach)
  }

  const flush = (): void => {
    for (const { offset, bytes } of input.due(clock.elapsed())) {
      send(SendTerminalInputDocument, { terminalId, attachmentId, offset, data: toBase64(bytes) })
    }
  }

  const silence = (nowMs: number): number | null => {
    const link = graph.link.value
    if (link.state !== 'live') {
      const since = link.lostAt ?? clock.now()
      return clock.now() - since >= LIMITS.terminalSilenceMs ? since : null
    }
    // The link lives, but the far end of the terminal answers nothing though it should.
    const waiting = input.waitingSinceMs
    const quietMs = nowMs - Math.max(heardAt, waiting ?? nowMs)
    return waiting !== null && quietMs >= LIMITS.terminalSilenceMs ? clock.now() - quietMs : null
  }

  const tick = (): void => {
    if (state.phase === 'ended' || state.phase === 'refused') return
    const nowMs = clock.elapsed()
    flush()
    const waiting = input.waitingSinceMs
    set({
      silentSince: state.silentSince !== null && silence(nowMs) !== null ? state.silentSince : silence(nowMs),
      stale: waiting !== null && input.stale(nowMs) ? (state.stale ?? { bytes: input.waitingBytes, sinceMs: clock.now() - (nowMs - waiting) }) : null,
    })
    // A held frame, too, means that one before it is missing.
    if (order.hole) missingSince ??= nowMs
    const caughtUp = writing === 0
    if (missingSince !== null && caughtUp && nowMs - missingSince >= missingMs) return attach()
    if (nowMs - ackedAt >= repeatAckMs && nowMs - outputAt < repeatForMs) ack()
  }

  const undoTick = clock.every(tickMs, tick)
  const undoLink = watch(
    () => graph.link.value.state,
    (link) => {
      if (link === 'live') {
        input.resendAll()
        attach()
        return flush()
      }
      // What was under way must not go out by itself whenever the connection is back.
      unsubscribe()
      for (const undo of underWay) undo()
      underWay.clear()
    },
    { flush: 'sync' },
  )
  attach()

  const release = (): void => {
    undoTick()
    undoLink()
    undoAck()
    undoRetry()
    for (const undo of underWay) undo()
    underWay.clear()
  }

  return {
    type(data) {
      if (stopped || state.phase === 'ended' || state.phase === 'refused') return false
      if (typeof data === 'string' && isOwnAnswer(data) && (replaying > 0 || !state.governs)) return true
      if (state.silentSince !== null || state.stale !== null) return false
      const taken = input.type(typeof data === 'string' ? encoder.encode(data) : data, clock.elapsed())
      flush()
      return taken
    },
    resize(next) {
      if (next.cols === size.cols && next.rows === size.rows) return
      size = next
      send(ResizeTerminalDocument, { terminalId, attachmentId, ...size })
    },
    sendStale() {
      input.approve(clock.elapsed())
      tick()
    },
    discardStale() {
      // Some of it may have arrived unheard. A new writer begins at zero, so that nothing typed next can be taken for a repeat.
      input = createInputQueue(limits)
      attachmentId = newAttachment()
      set({ stale: null })
      attach()
    },
    detach() {
      stopped = true
      release()
      unsubscribe()
    },
  }
}
