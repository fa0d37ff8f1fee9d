// A queue between one writer and one reader that never grows without bound: what happens when it is full is its policy.

/**
 * `close`: the reader gets what is queued, then a Fault. `dropOldest`: the oldest give way and are counted.
 * `keepLatest`: one place per reader, for a state of which only the newest matters.
 */
export type Policy = { kind: 'close'; max: number } | { kind: 'dropOldest'; max: number } | { kind: 'keepLatest' }

export interface Queue<T> extends AsyncIterableIterator<T, undefined, undefined> {
  /** False when nobody will read it: the queue is ended. */
  push(value: T): boolean
  /** Comes before everything that is queued, is never dropped, and counts once until it is read: a signal, not a value. */
  interrupt(signal: T): void
  /** Ends it after what is queued; with an error the reader meets it after the last value. */
  end(error?: Error): void
  readonly length: number
  /** Values that gave way to newer ones. */
  readonly dropped: number
  return(): Promise<IteratorReturnResult<undefined>>
}

export interface QueueOptions<T> {
  policy: Policy
  /** What a value counts against `max`, where they differ much in size. One that is larger than all that may be queued is queued alone. */
  sizeOf?: (value: T) => number
  /** What the reader meets when policy `close` closed on it. */
  onFull?: () => Error
  /** Runs once, when nothing will be read any more. */
  onEnd?: () => void
}

export const createQueue = <T>({ policy, sizeOf = () => 1, onFull, onEnd }: QueueOptions<T>): Queue<T> => {
  const values: T[] = []
  /** What they count together. */
  let held = 0
  const waiting: PromiseWithResolvers<IteratorResult<T, undefined>>[] = []
  let signal: { value: T } | undefined
  let dropped = 0
  let ended = false
  let failure: Error | undefined

  const finish = (error?: Error): void => {
    if (ended) return
    ended = true
    failure = error
    for (const reader of waiting.splice(0)) {
      if (failure) {
        reader.reject(failure)
        failure = undefined
      } else reader.resolve({ done: true, value: undefined })
    }
    onEnd?.()
  }

  const max = policy.kind === 'keepLatest' ? 1 : policy.max

  const take = (): T => {
    const value = values.shift() as T
    held -= sizeOf(value)
    return value
  }

  return {
    push(value) {
      if (ended) return false
      const reader = waiting.shift()
      if (reader) {
        reader.resolve({ done: false, value })
        return true
      }
      const size = sizeOf(value)
      while (values.length > 0 && held + size > max) {
        if (policy.kind === 'close') {
          finish(onFull?.() ?? new Error(`Expected a reader to keep up, got more than ${max} unread.`))
          return false
        }
        take()
        dropped += 1
      }
      values.push(value)
      held += size
      return true
    },
    interrupt(value) {
      if (ended) return
      const reader = waiting.shift()
      if (reader) reader.resolve({ done: false, value })
      else signal = { value }
    },
    end: finish,
    get length() {
      return values.length
    },
    get dropped() {
      return dropped
    },

    next() {
      if (signal) {
        const { value } = signal
        signal = undefined
        return Promise.resolve({ done: false, value })
      }
      if (values.length > 0) return Promise.resolve({ done: false, value: take() })
      if (failure) {
        const error = failure
        failure = undefined
        return Promise.reject(error)
      }
      if (ended) return Promise.resolve({ done: true, value: undefined })
      const reader = Promise.withResolvers<IteratorResult<T, undefined>>()
      waiting.push(reader)
      return reader.promise
    },
    return() {
      values.length = 0
      held = 0
      signal = undefined
      finish()
      failure = undefined
      return Promise.resolve({ done: true, value: undefined })
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
