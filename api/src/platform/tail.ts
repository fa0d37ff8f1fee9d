// Subscribe, then read, then tail: hands out what is stored and what comes, each once, over interruptions of the bus.
import type { Subscription } from './bus.ts'
import { gap } from './bus.ts'
import type { Clock } from './clock.ts'

export interface TailOptions<T> {
  /** Opened first, so that nothing can fall between reading and listening. */
  subscribe(): Promise<Subscription<T>>
  /**
   * What is stored, oldest first, from `since` on; null stands for where this tail begins. It must reach back by an overlap, because
   * rows become visible in the order of their commits, not of their keys.
   */
  read(since: T | null): Promise<readonly T[]>
  /** `read` hands out at most this many, and is asked again while it brings as many and news among them. */
  pageSize?: number
  /** Tells repeats. */
  keyOf(item: T): string
  /** A notice can be lost without a trace, so what is stored is read again this often. */
  rereadMs?: number
  clock: Clock
  /** Told of a later read that failed; the next one makes up for it. */
  onError?: (error: unknown) => void
}

export type Tail<T> = AsyncIterableIterator<T, undefined, undefined> & {
  return(): Promise<IteratorReturnResult<undefined>>
}

interface Memory {
  /** True once for each key, unless it was forgotten. */
  isNew(key: string): boolean
  /** Keys that nobody has met since it forgot the last time. */
  forget(): void
}

const createMemory = (): Memory => {
  let old = new Set<string>()
  let young = new Set<string>()
  const forget = (): void => {
    old = young
    young = new Set()
  }
  return {
    isNew(key) {
      const isKnown = young.has(key) || old.has(key)
      young.add(key)
      if (young.size > rememberMax) forget()
      return !isKnown
    },
    forget,
  }
}

/** However much comes: repeats are then handed out as well. */
const rememberMax = 20_000

/**
 * Resolves once it listens. Values come in the order in which they were read or published: not sorted, since a late one must not be lost.
 * The first read may fail it; a later one may not, so that a short outage of the database ends nothing.
 */
export const tail = async <T>(options: TailOptions<T>): Promise<Tail<T>> => {
  const { subscribe, read, pageSize = Infinity, keyOf, rereadMs = 30_000, clock, onError } = options
  const { isNew, forget } = createMemory()
  const subscription = await subscribe()
  let ended = false
  let due = false
  let wake = () => {}
  const cancel = clock.every(rereadMs, () => {
    due = true
    wake()
  })

  /** Moves with reads alone: a value from the bus proves nothing about the ones before it. */
  let since: T | null = null

  async function* stored(forgets: boolean): AsyncGenerator<T, undefined, undefined> {
    for (;;) {
      const items = await read(since)
      // What may come again is met by this read, or comes after it.
      if (forgets) forget()
      forgets = false
      const news = items.filter((item) => isNew(keyOf(item)))
      since = items.at(-1) ?? since
      yield* news
      if (items.length < pageSize || news.length === 0) return undefined
    }
  }

  async function* all(): AsyncGenerator<T, undefined, undefined> {
    yield* stored(false)
    let arrived: Promise<void> | undefined
    let result: Awaited<ReturnType<typeof subscription.next>> | undefined
    let failure: { error: unknown } | undefined
    for (;;) {
      arrived ??= subscription
        .next()
        .then(
          (next) => void (result = next),
          (error: unknown) => void (failure = { error }),
        )
        .then(() => wake())
      if (!result && !failure && !due) await new Promise<void>((resolve) => (wake = resolve))
      if (failure) throw failure.error
      const isDue = due
      let again = isDue
      due = false
      if (result) {
        const { done, value } = result
        result = arrived = undefined
        if (done) return undefined
        if (value === gap) again = true
        else if (isNew(keyOf(value))) yield value
      }
      if (!again || ended) continue
      try {
        yield* stored(isDue)
      } catch (error) {
        onError?.(error)
      }
    }
  }

  const stop = async (): Promise<void> => {
    ended = true
    cancel()
    await subscription.return()
    wake()
  }
  const items = all()
  const iterator: Tail<T> = {
    async next() {
      try {
        const item = await items.next()
        if (item.done) await stop()
        return item
      } catch (error) {
        await stop()
        throw error
      }
    },
    // The generator alone would end only with the next value.
    async return() {
      await stop()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]: () => iterator,
  }
  return iterator
}
