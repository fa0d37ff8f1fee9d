// Results of a subscription as frames of its socket: a result becomes text once, however many sockets it goes to.
import type { ExecutionResult } from 'graphql'

export type Results = AsyncGenerator<ExecutionResult, void, void>

const texts = new WeakMap<ExecutionResult, string>()

export const textOf = (result: ExecutionResult): string => {
  const known = texts.get(result)
  if (known !== undefined) return known
  const text = JSON.stringify(result)
  texts.set(result, text)
  return text
}

/** Sends each result and waits while `send` says so. One with errors is handed on: these are made fit to show first. */
export const toFrames = (id: string, results: Results, send: (text: string) => void | Promise<void>): Results => {
  const head = `{"id":${JSON.stringify(id)},"type":"next","payload":`
  const frames: Results = {
    async next() {
      for (;;) {
        const step = await results.next()
        if (step.done || step.value.errors) return step
        await send(`${head}${textOf(step.value)}}`)
      }
    },
    // Not a generator: its `return` would wait for the next result.
    return: (value) => results.return(value),
    throw: (error) => results.throw(error),
    [Symbol.asyncIterator]: () => frames,
    [Symbol.asyncDispose]: async () => void (await results.return()),
  }
  return frames
}
