// Tells the console's time on this machine: learnt at the handshake and from each heartbeat's answer, carried on by the monotonic clock.
import type { Clock } from './clock.ts'

export interface Told {
  consoleTimeMs: number
  askedMs: number
  heardMs: number
}

export interface ConsoleTime {
  /** Milliseconds since 1970 as the console counts them; the machine's own idea until the first handshake. */
  now(): number
  /** The same, or null until the console said what time it is in this run: until then nothing is thrown away for its age. */
  told(): number | null
  /** What the console's clock said, and between when the agent asked and heard, both monotonic. */
  learn(answer: Told): void
  /** A time of this machine's wall clock, in console time. */
  fromWall(wallMs: number): number
  /** Console time minus wall time, to be remembered for a start while the console is away. */
  offsetMs(): number
}

/** Time stands still for as much as a slow answer had put it ahead; a console that was set back by more is followed. */
const standsStillMs = 10_000

export function createConsoleTime(clock: Clock, rememberedOffsetMs = 0): ConsoleTime {
  let anchorMs = clock.now() + rememberedOffsetMs
  let anchorMonotonicMs = clock.monotonicMs()
  let isLearnt = false
  let lastMs = -Infinity

  const now = (): number => {
    const ms = Math.round(anchorMs + clock.monotonicMs() - anchorMonotonicMs)
    // Of two records the later one must not carry the earlier time.
    if (ms > lastMs || lastMs - ms > standsStillMs) lastMs = ms
    return lastMs
  }
  const offsetMs = (): number => now() - Math.round(clock.now())

  return {
    now,
    told: () => (isLearnt ? now() : null),
    offsetMs,
    fromWall: (wallMs) => wallMs + offsetMs(),
    learn({ consoleTimeMs, askedMs, heardMs }) {
      const wayMs = Math.max(0, heardMs - askedMs)
      // The answer left the console somewhere between asking and hearing. The middle is wrong by half the way at most; what is known already
      // stays as it is where it may be right, so that no answer that was long on its way makes time jump.
      const knownMs = isLearnt ? anchorMs + heardMs - anchorMonotonicMs : consoleTimeMs + wayMs / 2
      anchorMs = Math.min(Math.max(knownMs, consoleTimeMs), consoleTimeMs + wayMs)
      anchorMonotonicMs = heardMs
      isLearnt = true
    },
  }
}

const longestMs = 100 * 365 * 86_400_000

/** A remembered offset; 0 for what is none. */
export function toOffsetMs(text: string | null): number {
  const offsetMs = Number(text)
  return Math.abs(offsetMs) <= longestMs ? offsetMs : 0
}
