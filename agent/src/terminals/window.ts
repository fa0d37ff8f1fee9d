// Sizes the credit window to the way there and back: wide enough to keep a distant viewer busy, never wider than that.
import { LIMITS } from '@sindri/schema/contract/limits'

export interface WindowState {
  readonly windowBytes: number
  /** The one frame whose way is being timed. */
  readonly probe: { readonly offset: number; readonly sentMs: number; readonly ackedThen: number } | null
  readonly acked: number
  /** Shortest round trip seen lately: the longer ones have waited in queues that a wider window would only lengthen. */
  readonly shortest: { readonly roundTripMs: number; readonly seenMs: number } | null
}

/** 1 MiB keeps 40 Mbit/s busy over 200 ms; beyond, Ctrl-C would have to wait for what is under way. */
const maxWindowBytes = 1024 * 1024
const forgetAfterMs = 10_000

export const windowStart = (acked: number): WindowState => ({
  windowBytes: LIMITS.terminalWindowBytes,
  probe: null,
  acked,
  shortest: null,
})

/** Output up to `offset` has gone out. */
export const windowSent = (state: WindowState, offset: number, nowMs: number): WindowState =>
  state.probe ? state : { ...state, probe: { offset, sentMs: nowMs, ackedThen: state.acked } }

export function windowAcked(state: WindowState, offset: number, nowMs: number): WindowState {
  const acked = Math.max(state.acked, offset)
  const { probe } = state
  if (!probe || acked < probe.offset) return { ...state, acked }
  const roundTripMs = Math.max(0.1, nowMs - probe.sentMs)
  const known = state.shortest && nowMs - state.shortest.seenMs <= forgetAfterMs ? state.shortest : null
  const shortest = known && known.roundTripMs < roundTripMs ? known : { roundTripMs, seenMs: nowMs }
  // Bytes under way at the viewer's own pace; twice that, so that a window-bound flow doubles until it is no longer.
  const underWayBytes = ((acked - probe.ackedThen) / roundTripMs) * shortest.roundTripMs
  const windowBytes = Math.min(maxWindowBytes, Math.max(LIMITS.terminalWindowBytes, Math.round(2 * underWayBytes)))
  return { windowBytes, probe: null, acked, shortest }
}
