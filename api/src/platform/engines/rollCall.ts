// Whether other replicas listen: who is certainly alone need send nothing. Whoever comes is known to all others before it begins, and who held
// something back from one that it did not know says so, which is a gap to that one.
import type { Clock } from '../clock.ts'

export interface RollCall {
  /** Nobody else listens. */
  readonly alone: boolean
  /** Asks who is there; at the start, after each interruption, and now and then. Resolves when all have answered, and soon where one does not. */
  ask(): Promise<void>
  /** What came on the channel that all replicas listen to, of this replica too. */
  hear(text: string): void
  /** The channel cannot be heard: others may come unnoticed. */
  deafen(): void
  /** Something was not sent. */
  heldBack(): void
}

export interface RollCallDeps {
  clock: Pick<Clock, 'after'>
  /** Who this is; without spaces. */
  origin: string
  /** To all that listen to the channel; answers how many these are. */
  say: (text: string) => Promise<number>
  /** Others held something back: whatever may be missed is read again. */
  onMissed: () => void
}

/** Beyond, a replica that does not answer is not waited for. */
const answerMs = 1_000

type Word = 'ask' | 'here'

interface Round {
  others: Set<string>
  /** The own question came back: this replica hears. */
  echoed: boolean
  /** How many heard the question. */
  count: number | undefined
  over: PromiseWithResolvers<void>
  cancel: () => void
}

export const createRollCall = ({ clock, origin, say, onMissed }: RollCallDeps): RollCall => {
  let alone = false
  /** Somebody who was not known may have missed something. */
  let owing = false
  let round: Round | undefined

  /** What was not said is owed on. */
  const tell = async (word: Word): Promise<number | undefined> => {
    const owed = owing
    owing = false
    try {
      return await say(`${origin} ${word}${owed ? ' missed' : ''}`)
    } catch {
      owing ||= owed
      return undefined
    }
  }

  const settle = (now: boolean): void => {
    alone = now
    if (!alone && owing) void tell('here')
  }

  /** Of two rounds the later one decides, and whoever waits for the first waits for it. */
  const replace = (next?: Round): void => {
    round?.cancel()
    round?.over.resolve(next?.over.promise)
    round = next
  }

  const endIfAll = (current: Round): void => {
    const { others, echoed, count } = current
    if (echoed && count !== undefined && others.size >= count - 1) current.over.resolve()
  }

  return {
    get alone() {
      return alone
    },

    async ask() {
      const mine: Round = {
        others: new Set(),
        echoed: false,
        count: undefined,
        over: Promise.withResolvers(),
        cancel: clock.after(answerMs, () => {
          // The count is that of the Redis which was asked; where there are several, replicas at another one answer all the same.
          settle(mine.count === 1 && mine.echoed && mine.others.size === 0)
          mine.over.resolve()
        }),
      }
      replace(mine)
      mine.count = await tell('ask')
      endIfAll(mine)
      await mine.over.promise
    },

    hear(text) {
      const [from = '', word, missed] = text.split(' ')
      if (from === origin) {
        if (round && word === 'ask') round.echoed = true
      } else {
        round?.others.add(from)
        if (missed) onMissed()
        alone = false
        if (word === 'ask') void tell('here')
      }
      if (round) endIfAll(round)
    },

    deafen() {
      replace()
      settle(false)
    },

    heldBack() {
      owing = true
    },
  }
}
