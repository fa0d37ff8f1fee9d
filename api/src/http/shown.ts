// What of an error may be seen outside: a fault with its code, a wrong document or value with its place, and of a defect only the request id.
import { Fault, type FaultCode, FAULTS } from '@sindri/schema/contract/codes'
import { GraphQLError } from 'graphql'
import type { Log } from '../platform/log.ts'
import { Refused } from './documents.ts'

/** An echoed value must not make the answer as large as the question. */
const MESSAGE_CHARS = 500

export interface Shown {
  code: FaultCode
  message: string
  extensions: Record<string, unknown>
}

const shorten = (text: string): string => (text.length <= MESSAGE_CHARS ? text : `${text.slice(0, MESSAGE_CHARS)}…`)

/** From the outermost error to its first cause. */
function* chainOf(error: unknown): Generator<unknown> {
  for (let inner = error, depth = 0; inner !== undefined && inner !== null && depth < 8; depth += 1) {
    yield inner
    inner = inner instanceof GraphQLError ? inner.cause : undefined
  }
}

const shown = (code: FaultCode, message: string, requestId: string, details?: object): Shown => ({
  code,
  message: shorten(message),
  extensions: { ...details, code, retry: FAULTS[code].retry, requestId },
})

/** `code` says what a GraphQLError without a cause is where it comes from. Defects are logged here, once. */
export const toShown = (error: unknown, requestId: string, log: Log, code: FaultCode = 'BAD_QUERY'): Shown => {
  const chain = [...chainOf(error)]
  const fault = chain.find((inner) => inner instanceof Fault)
  if (fault) return shown(fault.code, fault.message, requestId, fault.details)
  const root = chain.at(-1)
  // Without nodes it was not thrown by reading the document or its variables, but by a value of ours that fits no type.
  if (root instanceof GraphQLError && (root.nodes || !(error as GraphQLError).path))
    return shown(code, (error as GraphQLError).message, requestId)
  log.error('a request met a defect', {
    requestId,
    path: error instanceof GraphQLError ? error.path?.join('.') : undefined,
    error: root,
  })
  return shown('INTERNAL', `The console failed at this. Its log has the reason under ${requestId}.`, requestId)
}

export const toGraphQLError = (error: unknown, requestId: string, log: Log, code?: FaultCode): GraphQLError => {
  const { message, extensions } = toShown(error, requestId, log, code)
  const at = error instanceof GraphQLError ? error : undefined
  return new GraphQLError(message, {
    nodes: at?.nodes,
    source: at?.source,
    positions: at?.positions,
    path: at?.path,
    extensions,
  })
}

/** The errors of something that threw. */
export const toGraphQLErrors = (thrown: unknown, requestId: string, log: Log): GraphQLError[] =>
  thrown instanceof Refused
    ? thrown.errors.map((error) => toGraphQLError(error, requestId, log, thrown.code))
    : [toGraphQLError(thrown, requestId, log)]

export const codeOf = (error: GraphQLError): FaultCode => error.extensions.code as FaultCode

/** What HTTP says of a fault beside its status: how to come in (RFC 9110 has it at every 401), and when to come back. */
export const headersOf = ({ code, retryAfterMs }: Record<string, unknown>): Headers => {
  const headers = new Headers()
  if (FAULTS[code as FaultCode].http === 401) headers.set('www-authenticate', 'Bearer')
  if (typeof retryAfterMs === 'number') headers.set('retry-after', `${Math.ceil(retryAfterMs / 1000)}`)
  return headers
}
