// What the console says instead of an answer: its fault code, and whether asking again can help.
import { type FaultCode, FAULTS, isFaultCode } from '@sindri/schema/contract/codes'

export class Refused extends Error {
  override readonly name = 'Refused'
  readonly code: FaultCode
  /** null: the console did not say when. */
  readonly retryAfterMs: number | null
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: FaultCode, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message)
    this.code = code
    this.details = details
    this.retryAfterMs = typeof details.retryAfterMs === 'number' && details.retryAfterMs >= 0 ? details.retryAfterMs : null
  }

  get retry(): boolean {
    return FAULTS[this.code].retry
  }
}

/** The link ended, or the answer did not come in time: nobody knows whether the console acted. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered'
}

/** A GraphQL error list as one `Refused`; a code this agent does not know counts as a defect of the console. */
export function toRefused(errors: readonly { message?: unknown; extensions?: unknown }[]): Refused {
  const [first] = errors
  const extensions = (typeof first?.extensions === 'object' && first.extensions !== null ? first.extensions : {}) as Record<string, unknown>
  const code = isFaultCode(extensions.code) ? extensions.code : 'INTERNAL'
  return new Refused(code, typeof first?.message === 'string' ? first.message : 'The console gave no reason.', extensions)
}
