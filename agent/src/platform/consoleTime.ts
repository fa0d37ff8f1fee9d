// Tells the console's time on this machine: an offset learnt at the handshake, carried on by the monotonic clock.
import type { Clock } from './clock.ts'

export interface ConsoleTime {
  /** Milliseconds since 1970 as the console counts them; the machine's own idea until the first handshake. */
  now(): number
  /** The console's clock as the handshake told it, and when the agent asked and heard, both monotonic. */
  learn(handshake: { consoleTimeMs: number; askedMs: number; heardMs: number }): void
  /** A time of this machine's wall clock, in console time. */
  fromWall(wallMs: number): number
  /** Console time minus wall time, to be remembered for a start while the console is away. */
  offsetMs(): number
}

export function createConsoleTime(clock: Clock, rememberedOffsetMs = 0): ConsoleTime {
  let anchorMs = clock.now() + rememberedOffsetMs
  let anchorMonotonicMs = clock.monotonicMs()

  const now = (): number => Math.round(anchorMs + clock.monotonicMs() - anchorMonotonicMs)
  const offsetMs = (): number => now() - Math.round(clock.now())

  return {
    now,
    offsetMs,
    fromWall: (wallMs) => wallMs + offsetMs(),
    learn({ consoleTimeMs, askedMs, heardMs }) {
      // The answer left the console somewhere between asking and hearing; the middle is wrong by half the way at most.
      anchorMs = consoleTimeMs + Math.max(0, heardMs - askedMs) / 2
      anchorMonotonicMs = heardMs
    },
  }
}

const longestMs = 100 * 365 * 86_400_000

/** A remembered offset; 0 for what is none. */
export function toOffsetMs(text: string | null): number {
  const offsetMs = Number(text)
  return Math.abs(offsetMs) <= longestMs ? offsetMs : 0
}
