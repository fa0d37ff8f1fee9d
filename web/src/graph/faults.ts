// Errors of the graph as the user meets them: what failed, whether trying again helps, and the id that finds it in the log.
import { type FaultCode, type FaultDetails, FAULTS, isFaultCode } from '@sindri/schema/contract/codes'
import { CombinedError } from '@urql/vue'
import { t } from '../words/words.ts'

/** UNREACHABLE is the page's own: no answer came at all. */
type ShownCode = FaultCode | 'UNREACHABLE'

export class ShownFault extends Error {
  override readonly name = 'ShownFault'
  readonly code: ShownCode
  /** The same request may succeed later. */
  readonly retry: boolean
  readonly requestId: string | undefined
  readonly details: FaultDetails

  constructor(code: ShownCode, message: string, retry: boolean, requestId?: string, details: FaultDetails = {}) {
    super(message)
    this.code = code
    this.retry = retry
    this.requestId = requestId
    this.details = details
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** Takes an error of urql, of a subscription's sink, or anything that was thrown. */
export const toFault = (error: unknown): ShownFault => {
  if (error instanceof ShownFault) return error
  const graphQL = graphQLErrorOf(error)
  if (!graphQL) return new ShownFault('UNREACHABLE', t('ui.unreachable'), true)
  const { code: named, requestId, retry: _, ...details } = isRecord(graphQL.extensions) ? graphQL.extensions : {}
  const code = isFaultCode(named) ? named : 'INTERNAL'
  return new ShownFault(
    code,
    graphQL.message,
    FAULTS[code].retry,
    typeof requestId === 'string' ? requestId : undefined,
    details,
  )
}

interface ErrorLike {
  message: string
  extensions?: unknown
}

const graphQLErrorOf = (error: unknown): ErrorLike | undefined => {
  const list = error instanceof CombinedError ? error.graphQLErrors : Array.isArray(error) ? error : []
  const first: unknown = list[0]
  return isRecord(first) && typeof first['message'] === 'string' ? (first as unknown as ErrorLike) : undefined
}
