// Lets so many pieces of work run at once and the others wait in their order; says how fast it goes on.
import type { Clock } from './clock.ts'

export interface Gate {
  pass<T>(work: () => Promise<T>): Promise<T>
  /** Milliseconds for which one more makes those behind it wait, as it went lately. */
  eachMs(): number
}

/** How many pieces of work the present pace is the mean of, the latest counting most. */
const meanOf = 16

export const createGate = ({ atOnce, clock }: { atOnce: number; clock: Clock }): Gate => {
  const waiting: (() => void)[] = []
  let running = 0
  let tookMs = 0

  return {
    async pass(work) {
      // Whoever ends hands its place on, so that nobody who comes at that moment gets in between.
      if (running < atOnce) running += 1
      else await new Promise<void>((resolve) => void waiting.push(resolve))
      const startedMs = clock.monotonicMs()
      try {
        return await work()
      } finally {
        tookMs += (clock.monotonicMs() - startedMs - tookMs) / meanOf
        const next = waiting.shift()
        if (next) next()
        else running -= 1
      }
    },
    eachMs: () => tookMs / atOnce,
  }
}
