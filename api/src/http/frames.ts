// Results of a subscription as frames of its socket: a result becomes text once, however many sockets it goes to.
import type { ExecutionResult } from 'graphql'
import { sift } from '../platform/sift.ts'

/** A result that is text already. */
export class Written {
  readonly text: string
  readonly errors?: undefined
  constructor(text: string) {
    this.text = text
  }
}
export type Result = ExecutionResult | Written
export type Results = AsyncGenerator<Result, void, void>

const texts = new WeakMap<ExecutionResult, string>()

export const textOf = (result: Result): string => {
  if (result instanceof Written) return result.text
  const known = texts.get(result)
  if (known !== undefined) return known
  const text = JSON.stringify(result)
  texts.set(result, text)
  return text
}

/** Sends each result and waits while `send` says so. One with errors is handed on: these are made fit to show first. */
export const toFrames = (id: string, results: Results, send: (text: string) => void | Promise<void>): Results => {
  const head = `{"id":${JSON.stringify(id)},"type":"next","payload":`
  return sift(results, (result) => (result.errors ? result : send(`${head}${textOf(result)}}`)?.then(() => undefined)))
}
