// Says how much output was shown: soon, together with what comes in between, and again while the word may have been lost.
import { LIMITS } from '@sindri/schema/contract/limits'
import type { Clock, Undo } from '../platform/clock.ts'

export interface Credit {
  /** Everything before this offset is on screen. */
  shown(offset: number): void
  /** Output came. */
  output(): void
  /** Says it again now. */
  again(): void
  /** Several times a second. */
  tick(): void
  /** When it was said last. */
  readonly saidMs: number
  stop(): void
}

/**
 * Said at once when so much was shown, else after the pause: a word for each chunk would double the traffic. Half of the smallest window: with no
 * more than that unsaid, a program that was held goes on.
 */
const soonBytes = LIMITS.terminalWindowBytes / 2
const pauseMs = 40
const repeatMs = 1_000
/** It is repeated for this long after the last output; by then a beacon has told the truth. */
const repeatForMs = 5_000

export const createCredit = (clock: Clock, say: (offset: number) => void): Credit => {
  let shown = 0
  let said = 0
  let saidMs = clock.elapsed()
  let outputMs = -Infinity
  let undo: Undo | undefined

  const again = (): void => {
    undo?.()
    undo = undefined
    said = shown
    saidMs = clock.elapsed()
    say(shown)
  }

  return {
    shown(offset) {
      shown = Math.max(shown, offset)
      if (shown - said >= soonBytes) again()
      // Not put off by what comes next: a steady trickle would never be acknowledged.
      else undo ??= clock.after(pauseMs, again)
    },
    output: () => void (outputMs = clock.elapsed()),
    again,
    tick() {
      const nowMs = clock.elapsed()
      if (nowMs - saidMs >= repeatMs && nowMs - outputMs < repeatForMs) again()
    },
    get saidMs() {
      return saidMs
    },
    stop() {
      undo?.()
      undo = undefined
    },
  }
}
