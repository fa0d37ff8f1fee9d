// Decides who governs a terminal, and whether its program has to wait: a pure fold over what attachments say.
import { LIMITS } from '@sindri/schema/contract/limits'
import type { Size } from './size.ts'
import { windowAcked, windowSent, windowStart, type WindowState } from './window.ts'

interface Attachment {
  readonly id: string
  readonly size: Size
  readonly acked: number
  /** Order of attaching and of typing, across attachments; 0 for never. */
  readonly attached: number
  readonly typed: number
  readonly heardMs: number
  /** Since when it has not had everything. */
  readonly behindSinceMs: number | null
  readonly window: WindowState
}

export interface CreditView {
  readonly paused: boolean
  readonly governorId: string | null
  /** Null without a governor: the terminal keeps the size it has. */
  readonly size: Size | null
  /** When silence alone will change the answer. */
  readonly recheckMs: number | null
  /** Output up to here changes nothing: it need not be told before something else is. */
  readonly calmTo: number
}

export interface CreditState {
  readonly head: number
  readonly attachments: readonly Attachment[]
  readonly counter: number
  readonly view: CreditView
}

export type CreditEvent =
  | { kind: 'output'; head: number }
  | { kind: 'attach'; id: string; from: number; size: Size }
  | { kind: 'sent'; id: string; offset: number }
  | { kind: 'ack'; id: string; offset: number }
  /** The attachment cannot have what is before `offset`: it is lost. */
  | { kind: 'skip'; id: string; offset: number }
  | { kind: 'typed'; id: string }
  | { kind: 'resize'; id: string; size: Size }
  | { kind: 'detach'; id: string }
  | { kind: 'tick' }

const noView: CreditView = { paused: false, governorId: null, size: null, recheckMs: null, calmTo: Infinity }
export const creditStart: CreditState = { head: 0, attachments: [], counter: 0, view: noView }

const silentFromMs = ({ heardMs, behindSinceMs }: Attachment): number =>
  behindSinceMs === null ? Infinity : Math.max(heardMs, behindSinceMs) + LIMITS.governorSilenceMs

/** Who typed last; before anyone has, who came last. The silent do not count. */
function chooseGovernor(attachments: readonly Attachment[], nowMs: number): Attachment | null {
  return attachments
    .filter((each) => nowMs < silentFromMs(each))
    .reduce<Attachment | null>((best, each) => {
      if (!best || each.typed > best.typed) return each
      return each.typed === best.typed && each.attached > best.attached ? each : best
    }, null)
}

function look(head: number, attachments: readonly Attachment[], wasPaused: boolean, nowMs: number): CreditView {
  const governor = chooseGovernor(attachments, nowMs)
  // Whoever has everything begins to be behind with the next byte, and its silence to count.
  const isAnyEven = attachments.some((each) => each.behindSinceMs === null)
  if (!governor) return isAnyEven ? { ...noView, calmTo: head } : noView
  const highBytes = governor.window.windowBytes
  // Never below what a viewer may leave unacknowledged for a moment.
  const lowBytes = highBytes / 2
  const outstandingBytes = head - governor.acked
  // Between the marks it stays as it was: resuming at the high mark would toggle the program with every ack.
  const paused = outstandingBytes > (wasPaused ? lowBytes : highBytes)
  const silentMs = silentFromMs(governor)
  return {
    paused,
    governorId: governor.id,
    size: governor.size,
    recheckMs: silentMs === Infinity ? null : silentMs,
    calmTo: isAnyEven ? head : paused ? Infinity : governor.acked + highBytes,
  }
}

function change(each: Attachment, event: CreditEvent, state: CreditState, nowMs: number): Attachment {
  const heard = { ...each, heardMs: nowMs }
  switch (event.kind) {
    case 'ack':
      // An offset beyond the head is no acknowledgement of anything that was sent.
      if (event.offset > state.head || event.offset < each.acked) return heard
      return { ...heard, acked: event.offset, window: windowAcked(each.window, event.offset, nowMs) }
    case 'skip':
      return { ...each, acked: Math.max(each.acked, event.offset), window: windowStart(event.offset) }
    case 'sent':
      return { ...each, window: windowSent(each.window, event.offset, nowMs) }
    case 'typed':
      return { ...heard, typed: state.counter + 1 }
    case 'resize':
      return { ...heard, size: event.size }
    default:
      return each
  }
}

function apply(state: CreditState, event: CreditEvent, nowMs: number): readonly Attachment[] {
  if (event.kind === 'tick' || event.kind === 'output') return state.attachments
  const { id } = event
  if (event.kind === 'detach') return state.attachments.filter((each) => each.id !== id)
  if (event.kind !== 'attach')
    return state.attachments.map((each) => (each.id === id ? change(each, event, state, nowMs) : each))
  const known = state.attachments.find((each) => each.id === id)
  const attachment: Attachment = {
    id,
    size: event.size,
    acked: event.from,
    attached: state.counter + 1,
    typed: known?.typed ?? 0,
    heardMs: nowMs,
    behindSinceMs: null,
    window: windowStart(event.from),
  }
  return [...state.attachments.filter((each) => each.id !== id), attachment]
}

export function foldCredit(state: CreditState, event: CreditEvent, nowMs: number): CreditState {
  const head = event.kind === 'output' ? event.head : state.head
  const attachments = apply(state, event, nowMs).map((each) => {
    const behindSinceMs = each.acked >= head ? null : (each.behindSinceMs ?? nowMs)
    return behindSinceMs === each.behindSinceMs ? each : { ...each, behindSinceMs }
  })
  return { head, attachments, counter: state.counter + 1, view: look(head, attachments, state.view.paused, nowMs) }
}
