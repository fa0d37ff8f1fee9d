// What one socket is asked by graphql-transport-ws, each operation by its id until it ends; for hundreds of messages a second, so each is read and written once.
import { show } from '@sindri/schema/contract/codes'
import type { Undo } from '../platform/clock.ts'
import type { Operation } from './gql/graphql.ts'
import { toRefused, Unanswered } from './refused.ts'

/** Variables that are JSON already. */
export class Written {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export interface Sink {
  next(result: { data?: unknown; errors?: unknown }): void
  /** The last word; null: it is complete. */
  end(error: Error | null): void
}

export interface Operations {
  begin<Result, Variables>(operation: Operation<Result, Variables>, variables: Variables | Written, sink: Sink): Undo
  /** Takes what the socket brought. Throws for what is no message. */
  hear(text: string): void
  /** The socket has ended: so has everything that was asked. */
  end(error: Error): void
}

interface Deps {
  send: (text: string) => void
  onAck: (payload: unknown) => void
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isErrors = (value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && value.every((each) => isObject(each) && 'message' in each)

const heads = new WeakMap<object, string>()

/** Between its id and its variables. */
function headOf(operation: { query: string }): string {
  let head = heads.get(operation)
  if (head === undefined)
    heads.set(
      operation,
      (head = `","type":"subscribe","payload":{"query":${JSON.stringify(operation.query)},"variables":`),
    )
  return head
}

export function createOperations({ send, onAck }: Deps): Operations {
  const sinks = new Map<string, Sink>()
  let count = 0
  let acknowledged = false

  /** Null: it has ended, and a late word about it is left alone. */
  function sinkOf(id: unknown, isLast: boolean): Sink | null {
    if (typeof id !== 'string' || id === '') throw new Error(`id: expected the id of an operation, got ${show(id)}`)
    const sink = sinks.get(id) ?? null
    if (isLast) sinks.delete(id)
    return sink
  }

  return {
    begin(operation, variables, sink) {
      const id = String(++count)
      sinks.set(id, sink)
      const text = variables instanceof Written ? variables.text : JSON.stringify(variables)
      send(`{"id":"${id}${headOf(operation)}${text}}}`)
      return () => {
        if (sinks.delete(id)) send(`{"id":"${id}","type":"complete"}`)
      }
    },

    hear(text) {
      const message: unknown = JSON.parse(text)
      if (!isObject(message)) throw new Error(`expected a message, got ${show(message)}`)
      const { type, id, payload } = message
      if (!acknowledged && (type === 'next' || type === 'error' || type === 'complete'))
        throw new Error(`expected an acknowledgement first, got ${show(type)}`)
      switch (type) {
        case 'next':
          if (!isObject(payload)) throw new Error(`next: expected a result, got ${show(payload)}`)
          return sinkOf(id, false)?.next(payload)
        case 'complete':
          return sinkOf(id, true)?.end(null)
        case 'error':
          if (!isErrors(payload)) throw new Error(`error: expected a list of errors, got ${show(payload)}`)
          return sinkOf(id, true)?.end(toRefused(payload))
      }
      if (payload !== undefined && payload !== null && !isObject(payload))
        throw new Error(`payload: expected an object, got ${show(payload)}`)
      switch (type) {
        case 'connection_ack':
          if (acknowledged) return
          acknowledged = true
          return onAck(payload)
        case 'ping':
          return send(JSON.stringify({ type: 'pong', ...(payload && { payload }) }))
        case 'pong':
          return
        default:
          throw new Error(`type: expected that of a message, got ${show(type)}`)
      }
    },

    end(error) {
      const all = [...sinks.values()]
      sinks.clear()
      for (const sink of all) sink.end(error)
    },
  }
}

/** As a socket that has closed says it. */
export const toUnanswered = (code: number, reason: string): Unanswered =>
  new Unanswered(`the link closed with code ${code}${reason ? `: ${reason}` : ''}`)
