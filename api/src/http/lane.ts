// Where records wait for their turn: a little of them in each turn of the event loop, so that whoever types is heard between two turns, and no more
// under way than the database is about to take, because what waits as the text that came is nothing that a collection of garbage has to move.
import { type Clock, nextTurn } from '../platform/clock.ts'

export const LANE = {
  /** Of a turn, unless one message takes longer by itself. */
  turnMs: 1,
  /** Of messages begun and not answered: what two statements hold, and a third one that is made meanwhile. */
  underWayBytes: 2 * 1024 * 1024,
  /** Of messages that wait. What is beyond begins at once, however long it takes: whoever stores records says when it has too many. */
  waitingBytes: 32 * 1024 * 1024,
} as const

const HEAD_BYTES = 256

/** By the name of their variable, in the head of a message of any agent. Whoever writes it otherwise goes first, and gains nothing else. */
export const bringsRecords = (message: Buffer): boolean => message.subarray(0, HEAD_BYTES).includes('$records')

export interface Lane {
  /** Begins it when its turn has come, in the order of the calls. What it answers with is when it has ended. */
  add(bytes: number, begin: () => Promise<void>): void
  /** Of messages that have not begun. */
  waitingBytes(): number
}

interface Waiting {
  bytes: number
  begin: () => Promise<void>
}

export const createLane = (clock: Pick<Clock, 'monotonicMs'>): Lane => {
  const waiting = new Set<Waiting>()
  let waitingBytes = 0
  let underWayBytes = 0
  let working = false

  const isOverfull = (): boolean => waitingBytes > LANE.waitingBytes
  const mayBegin = (): boolean => waiting.size > 0 && (underWayBytes < LANE.underWayBytes || isOverfull())

  const start = (one: Waiting): void => {
    const { bytes, begin } = one
    waiting.delete(one)
    waitingBytes -= bytes
    underWayBytes += bytes
    void begin().finally(() => {
      underWayBytes -= bytes
      void work()
    })
  }

  const turn = async (): Promise<void> => {
    const untilMs = clock.monotonicMs() + LANE.turnMs
    for (const one of waiting) {
      if (!mayBegin() || (clock.monotonicMs() >= untilMs && !isOverfull())) return
      start(one)
      // Most of it is done behind promises: that counts too.
      await new Promise<void>((resolve) => process.nextTick(resolve))
    }
  }

  const work = async (): Promise<void> => {
    if (working) return
    working = true
    while (mayBegin()) {
      await nextTurn()
      await turn()
    }
    working = false
  }

  return {
    add(bytes, begin) {
      waiting.add({ bytes, begin })
      waitingBytes += bytes
      void work()
    },
    waitingBytes: () => waitingBytes,
  }
}
