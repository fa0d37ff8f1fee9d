// What the console says instead of an answer: its fault code, and whether asking again can help.
import { type FaultCode, FAULTS, isFaultCode } from '@sindri/schema/contract/codes'
import { oneLine } from '../platform/text.ts'

/** Nobody who asks for patience means longer than this; a timer given more would fire at once. */
const longestWaitMs = 600_000

/** null for what is no such wish. */
const toWaitMs = (ms: unknown): number | null =>
  typeof ms === 'number' && ms >= 0 ? Math.min(ms, longestWaitMs) : null

/** The header Retry-After, in its form of seconds. */
export const toRetryAfterMs = (header: string | undefined): number | null =>
  header !== undefined && /^\d+$/.test(header) ? toWaitMs(Number(header) * 1000) : null

export class Refused extends Error {
  override readonly name = 'Refused'
  readonly code: FaultCode
  /** null: the console did not say when. */
  readonly retryAfterMs: number | null

  constructor(code: FaultCode, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message)
    this.code = code
    this.retryAfterMs = toWaitMs(details.retryAfterMs)
  }

  get retry(): boolean {
    return FAULTS[this.code].retry
  }
}

/** The link ended, or the answer did not come in time: nobody knows whether the console acted. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered'
  /** null: nobody said when. */
  readonly retryAfterMs: number | null

  constructor(message: string, options?: ErrorOptions & { retryAfterMs?: number | null }) {
    super(message, options)
    this.retryAfterMs = options?.retryAfterMs ?? null
  }
}

/** A GraphQL error list as one `Refused`; what is no such list, or names an unknown code, counts as a defect of the console. */
export function toRefused(errors: unknown): Refused {
  const first = (Array.isArray(errors) ? errors[0] : null) as
    | { message?: unknown; extensions?: unknown }
    | null
    | undefined
  const extensions = (
    typeof first?.extensions === 'object' && first.extensions !== null ? first.extensions : {}
  ) as Record<string, unknown>
  const code = isFaultCode(extensions.code) ? extensions.code : 'INTERNAL'
  const message = typeof first?.message === 'string' ? oneLine(first.message) : ''
  return new Refused(code, message || 'The console gave no reason.', extensions)
}
