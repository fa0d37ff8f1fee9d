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
import { fromBase64, toBase64 } from '../platform/base64.ts'
import { createCredit } from './credit.ts'
import { createFollowing } from './following.ts'
import { createInputQueue } from './inputQueue.ts'
import type { Piece } from './outputOrder.ts'
import { isOwnAnswer } from './ownAnswers.ts'
import { createPicture, type Screen, type Size } from './picture.ts'
import { createWakingTime } from './wakingTime.ts'

type Frame = TerminalOutputSubscription['terminalOutput']
export type ClosedFrame = Extract<Frame, { __typename: 'TerminalClosed' }>

export interface AttachmentState {
  phase: 'attaching' | 'replaying' | 'live' | 'ended' | 'refused'
  /** Nothing was heard for so long that keys are not taken. */
  silentSince: number | null
  /** Typed, not acknowledged, and too old to be sent without a word of the user. */
  stale: { bytes: number; sinceMs: number } | null
  /** What was typed or pasted last did not fit beside what waits, and was not taken. */
  refusedBytes: number | null
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
/** A tick that comes later than this tells of a page that stood still, and not of a silent network. */
const lateTickMs = 1_000
/** An idle page still looks: the agent ends a terminal that nobody was heard of for a day. */
const idleMs = 60_000
/** While nobody governs, a page says this often that it looks. */
const ungovernedMs = 1_000
/** The size this page wants is said again this often, while another one is in force though this page governs. */
const resizeAgainMs = 1_000

const limits = {
  chunkBytes: LIMITS.terminalInputBytes,
  holdBytes: LIMITS.terminalInputHoldBytes,
  resendMs: LIMITS.inputResendMs,
  staleMs: LIMITS.inputStaleMs,
}

const firstState: AttachmentState = {
  phase: 'attaching',
  silentSince: null,
  stale: null,
  refusedBytes: null,
  governs: true,
  size: null,
  closed: null,
  fault: null,
}

export const attachTerminal = (deps: AttachmentDeps): Attachment => {
  const { graph, clock, terminalId, screen } = deps
  const encoder = new TextEncoder()
  const awakeMs = createWakingTime(clock)
  const newAttachment = (): string => `att_${newUlid(clock)}`
  let input = createInputQueue(limits)
  let attachmentId = newAttachment()
  let following = createFollowing(clock.elapsed())
  let { size } = deps
  let state = firstState
  let unsubscribe: Undo = () => {}
  let undoRetry: Undo = () => {}
  const underWay = new Set<Undo>()
  let heardMs = clock.elapsed()
  let resizedMs = -Infinity
  let tickedMs = awakeMs()
  let closedAt = -1
  let stopped = false

  const set = (change: Partial<AttachmentState>): void => {
    const next = { ...state, ...change }
    if (Object.entries(next).every(([key, value]) => Object.is(state[key as keyof AttachmentState], value))) return
    state = next
    deps.onState(state)
  }

  /** Over the socket, where it overtakes nothing of ours by much. It dies with its connection: offsets make sending again our task. */
  const send = <Data, Variables extends Record<string, unknown>>(
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables,
  ): void => {
    if (graph.link.value.state !== 'live') return
    const undo = graph.subscribe(document, variables, {
      next: () => {},
      fault: () => underWay.delete(undo),
      end: () => underWay.delete(undo),
    })
    underWay.add(undo)
  }

  const credit = createCredit(clock, (offset) => send(AckTerminalOutputDocument, { terminalId, attachmentId, offset }))
  const sayResize = (): void => {
    resizedMs = clock.elapsed()
    send(ResizeTerminalDocument, { terminalId, attachmentId, ...size })
  }

  const picture = createPicture({
    screen,
    onShown(offset) {
      if (!stopped) credit.shown(offset)
    },
    onSize: (inForce) => set({ size: inForce }),
    onJoined() {
      following.joined(clock.elapsed())
      set({ phase: 'live' })
    },
  })
  const take = (piece: Piece): void => {
    if (!picture.take(piece)) return
    following.progressed(clock.elapsed())
    credit.output()
  }

  const hear = (frame: Frame): void => {
    heardMs = clock.elapsed()
    following.heard(heardMs)
    switch (frame.__typename) {
      case 'TerminalOutput':
        if (frame.replay && state.phase === 'attaching') set({ phase: 'replaying' })
        return take({ kind: 'output', offset: frame.offset, bytes: fromBase64(frame.data), replay: frame.replay })
      case 'TerminalResized':
        if (frame.replay) following.begins()
        return take({ ...frame, kind: 'resized' })
      case 'TerminalLost':
        return take({ ...frame, kind: 'lost' })
      case 'TerminalJoined':
        return take({ ...frame, kind: 'joined' })
      case 'TerminalBeacon':
        return learn(frame)
      case 'TerminalClosed':
        return close(frame)
    }
  }

  /** Whatever was lost on the way there or back shows here. */
  const learn = (beacon: Extract<Frame, { __typename: 'TerminalBeacon' }>): void => {
    const mine = beacon.inputAcks.find(({ writer }) => writer === attachmentId)
    if (mine) input.acknowledge(mine.offset)
    following.told(beacon.outputHead)
    const governs = beacon.governor === attachmentId || beacon.governor === null
    const { cols, rows } = beacon
    if (beacon.outputHead === picture.next && (cols !== state.size?.cols || rows !== state.size?.rows)) {
      picture.resize({ cols, rows })
    }
    const nowMs = clock.elapsed()
    const isSize = cols === size.cols && rows === size.rows
    if (governs && !isSize && nowMs - resizedMs >= resizeAgainMs) sayResize()
    // Nobody governs though this page looks: what it acknowledged has not arrived. Never for each beacon, which may be an answer to it.
    if (nowMs - credit.saidMs >= (beacon.governor === null ? ungovernedMs : idleMs)) credit.again()
    set({ governs })
  }

  const close = (frame: ClosedFrame): void => {
    const isWhole = frame.finalOffset === null || frame.finalOffset <= picture.next
    // The agent keeps the last bytes for a while. Asked for without success, they are gone.
    if (!isWhole && picture.next > closedAt) {
      closedAt = picture.next
      return attach()
    }
    if (frame.finalOffset !== null && !isWhole) picture.lose(frame.finalOffset)
    release()
    set({ phase: 'ended', closed: frame, stale: null, silentSince: null, refusedBytes: null })
  }

  const attach = (): void => {
    undoRetry()
    unsubscribe()
    if (stopped || state.phase === 'ended' || graph.link.value.state !== 'live') return
    picture.forget()
    following.asked(clock.elapsed())
    resizedMs = clock.elapsed()
    set({ phase: 'attaching', fault: null })
    unsubscribe = graph.subscribe(
      TerminalOutputDocument,
      { terminalId, attachmentId, from: picture.next, ...size },
      {
        next: ({ terminalOutput }) => hear(terminalOutput),
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
    for (const { offset, bytes } of input.due(awakeMs())) {
      send(SendTerminalInputDocument, { terminalId, attachmentId, offset, data: toBase64(bytes) })
    }
  }

  /** Since when nothing was heard that should have been, in wall time; null as long as that is no reason to worry. */
  const silence = (): number | null => {
    const { state: link, lostAt, heardAt } = graph.link.value
    const nowMs = clock.now()
    const orNull = (since: number): number | null => (nowMs - since >= LIMITS.terminalSilenceMs ? since : null)
    if (link !== 'live') return orNull(lostAt ?? nowMs)
    if (heardAt !== null && orNull(heardAt) !== null) return heardAt
    // The link lives, but the far end of the terminal answers nothing though it should.
    const waitingMs = input.waitingSinceMs
    if (waitingMs === null) return null
    return orNull(nowMs - Math.min(awakeMs() - waitingMs, clock.elapsed() - heardMs))
  }

  const tick = (): void => {
    if (state.phase === 'ended' || state.phase === 'refused') return
    const nowMs = clock.elapsed()
    const isLate = awakeMs() - tickedMs >= lateTickMs
    tickedMs = awakeMs()
    flush()
    const since = isLate ? state.silentSince : silence()
    const waitingMs = input.waitingSinceMs
    const isStale = waitingMs !== null && input.stale(awakeMs())
    set({
      silentSince: since === null ? null : (state.silentSince ?? since),
      stale: isStale
        ? (state.stale ?? { bytes: input.waitingBytes, sinceMs: clock.now() - (awakeMs() - waitingMs) })
        : null,
    })
    const { next, hole, isDrawing } = picture
    // What is not drawn yet holds back the acknowledgements, and these the output: nothing is missing.
    if (!isDrawing && following.shouldAsk(nowMs, { next, hole, rttMs: graph.link.value.rttMs })) return attach()
    credit.tick()
  }

  const undoTick = clock.every(tickMs, tick)
  const undoLink = watch(
    () => graph.link.value.state,
    (link) => {
      if (link === 'live') {
        following = createFollowing(clock.elapsed())
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
    undoRetry()
    credit.stop()
    for (const undo of underWay) undo()
    underWay.clear()
  }

  return {
    type(data) {
      if (stopped || state.phase === 'ended' || state.phase === 'refused') return false
      const isDropped = picture.isOld || !state.governs
      if (typeof data === 'string' && isDropped && isOwnAnswer(data)) return true
      if (state.silentSince !== null || state.stale !== null) return false
      const bytes = typeof data === 'string' ? encoder.encode(data) : data
      const taken = input.type(bytes, awakeMs())
      set({ refusedBytes: taken ? null : bytes.length })
      flush()
      return taken
    },
    resize(next) {
      if (next.cols === size.cols && next.rows === size.rows) return
      size = next
      sayResize()
    },
    sendStale() {
      input.approve(awakeMs())
      tick()
    },
    discardStale() {
      // Some of it may have arrived unheard. A new writer begins at zero, so that nothing typed next can be taken for a repeat.
      input = createInputQueue(limits)
      attachmentId = newAttachment()
      set({ stale: null, refusedBytes: null })
      attach()
    },
    detach() {
      stopped = true
      release()
      unsubscribe()
    },
  }
}
