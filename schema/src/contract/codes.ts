// Every fault the product can name: what it means, whether trying again can help, and its HTTP status.

interface FaultKind {
  /** One sentence for documentation. */
  meaning: string
  /** true: the same request may succeed later. false: it is final, and an agent drops the record that met it. */
  retry: boolean
  /** Status of an HTTP answer that carries only this fault. */
  http: number
}

export const FAULTS = {
  UNAUTHENTICATED: { meaning: 'No valid session, key or token came with the request.', retry: false, http: 401 },
  SIGN_IN_FAILED: { meaning: 'E-mail and password do not match a user who may sign in.', retry: false, http: 401 },
  PASSWORD_CHANGE_REQUIRED: { meaning: 'The one-time password must be changed first.', retry: false, http: 403 },
  FORBIDDEN: { meaning: 'The role of the caller does not allow this action.', retry: false, http: 403 },
  NOT_FOUND: { meaning: 'Nothing of that id exists, or it is not visible to the caller.', retry: false, http: 404 },
  BAD_INPUT: { meaning: 'A value is not of the expected form; details name the field.', retry: false, http: 400 },
  BAD_QUERY: {
    meaning: 'The GraphQL document does not parse, validate or fit its variables.',
    retry: false,
    http: 400,
  },
  TOO_COMPLEX: {
    meaning: 'The GraphQL document is too deep, too costly or aliases too much.',
    retry: false,
    http: 400,
  },
  TOO_LARGE: { meaning: 'The request or frame is larger than the limit.', retry: false, http: 413 },
  CONFLICT: { meaning: 'The thing changed meanwhile, or a name is taken.', retry: false, http: 409 },
  CLOCK: { meaning: 'A time stamp is outside the accepted window.', retry: false, http: 400 },
  RATE_LIMITED: { meaning: 'Too many requests; retryAfterMs says when to try again.', retry: true, http: 429 },
  INSTANCE_EXISTS: { meaning: 'Another machine holds this instance id; an operator decides.', retry: true, http: 409 },
  DUPLICATE_INSTANCE: { meaning: 'A clone of this agent holds the link.', retry: true, http: 409 },
  ENROLMENT_REFUSED: { meaning: 'An operator refused this machine.', retry: false, http: 403 },
  TOKEN_REJECTED: {
    meaning: 'The agent token was not issued by this console or the key is not the enrolled one.',
    retry: false,
    http: 401,
  },
  SUPERSEDED: { meaning: 'A newer link of the same agent took over.', retry: false, http: 409 },
  VERSION: { meaning: 'The two sides speak different major versions of the protocol.', retry: false, http: 400 },
  UNSUPPORTED: { meaning: 'The far end does not know this kind of order.', retry: false, http: 400 },
  AGENT_OFFLINE: { meaning: 'The agent of this instance is not connected.', retry: true, http: 503 },
  AGENT_TIMEOUT: { meaning: 'The agent did not answer in time.', retry: true, http: 504 },
  AGENT_FAILED: { meaning: 'The agent tried and could not; the message says why.', retry: false, http: 422 },
  SLOW_AGENT: {
    meaning: 'The agent does not take orders fast enough; this one was not queued.',
    retry: true,
    http: 503,
  },
  SLOW_CONSUMER: {
    meaning: 'The subscriber read too slowly and was closed; resume from the last offset.',
    retry: true,
    http: 503,
  },
  LIMIT_REACHED: { meaning: 'A limit on how many may exist at once is reached.', retry: false, http: 409 },
  TERMINAL_CLOSED: { meaning: 'The terminal has ended.', retry: false, http: 409 },
  UNAVAILABLE: { meaning: 'A part the request needs does not answer now.', retry: true, http: 503 },
  RESTARTING: { meaning: 'The console is going down for a restart.', retry: true, http: 503 },
  /** A defect is mended some day: it must cost nobody a record, nor end an agent. */
  INTERNAL: { meaning: 'A defect of the console; the request id finds it in the log.', retry: true, http: 500 },
} as const satisfies Record<string, FaultKind>

export type FaultCode = keyof typeof FAULTS

export interface FaultDetails {
  /** Path of the value that was refused, such as "input.email". */
  field?: string
  expected?: string
  got?: string
  retryAfterMs?: number
  [name: string]: unknown
}

/** An error that is expected and safe to show. Anything else that is thrown is a defect and gets masked. */
export class Fault extends Error {
  override readonly name = 'Fault'
  readonly code: FaultCode
  readonly details: FaultDetails | undefined

  constructor(code: FaultCode, message: string, details?: FaultDetails, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.details = details
  }
}

export const isFaultCode = (value: unknown): value is FaultCode =>
  typeof value === 'string' && Object.hasOwn(FAULTS, value)

/** The fault for a value that is not as it should be; `got` is shortened so that a huge value cannot flood a log. */
export const badInput = (field: string, expected: string, got: unknown): Fault => {
  const shown = show(got)
  return new Fault('BAD_INPUT', `${field}: expected ${expected}, got ${shown}.`, { field, expected, got: shown })
}

/** A value as text of at most 80 characters, fit for messages. */
export const show = (value: unknown): string => {
  const text = typeof value === 'bigint' || typeof value === 'number' ? `${value}` : (jsonOf(value) ?? String(value))
  return text.length <= 80 ? text : `${text.slice(0, 60)}… (${text.length} characters)`
}

/** A value nested 100 000 deep parses, and cannot be written again. */
const jsonOf = (value: unknown): string | undefined => {
  try {
    return JSON.stringify(value)
  } catch {
    return Array.isArray(value) ? 'a list' : 'an object'
  }
}
