// Errors of the graph as the user meets them: what failed, whether trying again helps, and the id that finds it in the log.
import { type FaultCode, type FaultDetails, FAULTS, isFaultCode } from '@sindri/schema/contract/codes'
import { CombinedError } from '@urql/core'

export interface ShownFault {
  /** UNREACHABLE is the page's own: no answer came at all. */
  code: FaultCode | 'UNREACHABLE'
  message: string
  requestId: string | undefined
  /** The same request may succeed later. */
  retry: boolean
  details: FaultDetails | undefined
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

export const isShownFault = (value: unknown): value is ShownFault => isRecord(value) && 'code' in value && 'retry' in value

/** Takes an error of urql, of a subscription's sink, or anything that was thrown. */
export const toFault = (error: unknown): ShownFault => {
  if (isShownFault(error)) return error
  const graphQL = graphQLErrorOf(error)
  if (graphQL) {
    const extensions = isRecord(graphQL.extensions) ? graphQL.extensions : {}
    const code = isFaultCode(extensions['code']) ? extensions['code'] : 'INTERNAL'
    const requestId = extensions['requestId']
    return {
      code,
      message: graphQL.message,
      requestId: typeof requestId === 'string' ? requestId : undefined,
      retry: FAULTS[code].retry || code === 'INTERNAL',
      details: isRecord(extensions['details']) ? extensions['details'] : undefined,
    }
  }
  return { code: 'UNREACHABLE', message: 'The console did not answer.', requestId: undefined, retry: true, details: undefined }
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
