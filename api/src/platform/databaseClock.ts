// Wall time as the database has it, carried on by the monotonic clock: the consoles of a set agree on it, and a machine whose clock is set
// wrong, or jumps, changes nothing that is judged or stored.
import type { Clock, Undo } from './clock.ts'
import type { Log } from './log.ts'

const ASK_EVERY_MS = 5_000
/** What an answer is behind the moment of asking says too little then. */
const LONGEST_TRIP_MS = 1_000
/** Clocks drift by less than this between two answers; a smaller difference is not worth a step. */
const PRECISION_MS = 5
/** From here on the operator hears that the machine's clock is off. */
const WORTH_TELLING_MS = 2_000

export interface DatabaseClock extends Clock {
  /**
   * Takes the time from there, now and every five seconds, and keeps the last one while no answer comes.
   * `ask` resolves with milliseconds since 1970. Rejects where the first answer does not come.
   */
  follow(ask: () => Promise<number>, log: Log): Promise<Undo>
}

/** Until it follows, it has the time of this machine at its start. */
export const createDatabaseClock = (machine: Clock): DatabaseClock => {
  /** Wall time less monotonic time. */
  let offsetMs = machine.now() - machine.monotonicMs()
  const now = (): number => Math.floor(machine.monotonicMs() + offsetMs)

  return {
    ...machine,
    now,
    async follow(ask, log) {
      let isOff = false
      const learn = async (longestTripMs: number): Promise<void> => {
        const askedMs = machine.monotonicMs()
        const toldMs = await ask()
        const tripMs = machine.monotonicMs() - askedMs
        if (tripMs > longestTripMs) return
        const toldOffsetMs = toldMs - askedMs - tripMs / 2
        if (Math.abs(toldOffsetMs - offsetMs) > tripMs / 2 + PRECISION_MS) offsetMs = toldOffsetMs
        const differenceMs = machine.now() - now()
        const wasOff = isOff
        isOff = Math.abs(differenceMs) > WORTH_TELLING_MS
        if (isOff && !wasOff)
          log.warn("this machine's clock is not the database's, whose time counts", { differenceMs })
      }
      await learn(Number.POSITIVE_INFINITY)
      let asking = false
      return machine.every(ASK_EVERY_MS, () => {
        if (asking) return
        asking = true
        learn(LONGEST_TRIP_MS)
          // Whoever needs the database says that it is away; time goes on meanwhile.
          .catch(() => {})
          .finally(() => (asking = false))
      })
    },
  }
}
