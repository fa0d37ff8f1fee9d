// An iterator over another one: every value changed, or left out. A generator would do, but its `return` waits for the next value, and each value
// of it costs several turns of the event loop's queue, for every one who watches.

type Picked<U> = U | undefined | Promise<U | undefined>

interface Stage<T, U> {
  source: AsyncIterator<T, unknown, undefined>
  pick: (value: T) => Picked<U>
  onEnd: () => void
}
/** Of each that was made here: one over another becomes one over the other's source, so that a value makes one way and not one for each stage. */
const stages = new WeakMap<object, Stage<unknown, unknown>>()

const fuse = <T, U, V>(first: Stage<T, U>, pick: (value: U) => Picked<V>, onEnd: () => void): Stage<T, V> => {
  const then = (value: U | undefined): Picked<V> => (value === undefined ? undefined : pick(value))
  return {
    source: first.source,
    pick: (value) => {
      const picked = first.pick(value)
      return picked instanceof Promise ? picked.then(then) : then(picked)
    },
    onEnd: () => {
      onEnd()
      first.onEnd()
    },
  }
}

/**
 * `pick` says what becomes of a value; undefined leaves it out, and is not waited for unless it is a promise. `onEnd` runs once, when nothing is
 * handed out any more. Whoever sifts what was sifted reads that one no more.
 */
export const sift = <T, U>(
  source: AsyncIterator<T, unknown, undefined>,
  pick: (value: T) => Picked<U>,
  onEnd: () => void = () => {},
): AsyncGenerator<U, undefined, void> => {
  const under = stages.get(source)
  return open(under ? fuse(under as Stage<unknown, T>, pick, onEnd) : ({ source, pick, onEnd } as Stage<unknown, U>))
}

const open = <T, U>(stage: Stage<T, U>): AsyncGenerator<U, undefined, void> => {
  const { source, pick, onEnd } = stage
  let ended = false
  const end = (): IteratorReturnResult<undefined> => {
    if (!ended) {
      ended = true
      onEnd()
    }
    return { done: true, value: undefined }
  }
  const sifted: AsyncGenerator<U, undefined, void> = {
    async next() {
      try {
        for (;;) {
          const step = await source.next()
          if (step.done) return end()
          const picked = pick(step.value)
          const value = picked instanceof Promise ? await picked : picked
          if (value !== undefined) return { done: false, value }
        }
      } catch (error) {
        await sifted.return(undefined)
        throw error
      }
    },
    async return() {
      end()
      await source.return?.()
      return { done: true, value: undefined }
    },
    async throw(error) {
      await sifted.return(undefined)
      throw error
    },
    [Symbol.asyncIterator]: () => sifted,
    [Symbol.asyncDispose]: async () => void (await sifted.return(undefined)),
  }
  stages.set(sifted, stage as Stage<unknown, unknown>)
  return sifted
}
