// Decides by itself whether one event may be stored: its type is known, its text and details fit, its time is believable.
import { EVENT_TYPES, type EventType } from '@sindri/schema'
import { badInput } from '@sindri/schema/contract/codes'
import { LIMITS } from '@sindri/schema/contract/limits'
import { objectOf, runOf, seqOf, textOf, timeOf, type Window } from '../platform/records.ts'

export interface EventRecord {
  /** As UUID. */
  run: string
  seq: number
  type: EventType
  message: string
  /** An object as JSON. */
  metadata: string
  at: Date
}

/** PostgreSQL gives up on JSON that is nested some thousand deep. */
const depthMax = 32

const isShallow = (value: unknown, depth: number): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (depth > 0 && (Array.isArray(value) ? value : Object.values(value)).every((each) => isShallow(each, depth - 1)))

/** What is escaped in JSON: NUL is refused as everywhere, half a surrogate pair becomes U+FFFD, the rest stays. */
const escapes = /\\u0000|\\ud[89a-f][0-9a-f]{2}|\\./g

const metadataOf = (value: unknown): string => {
  if (value === null || value === undefined) return '{}'
  const metadata = objectOf('metadata', value)
  if (!isShallow(metadata, depthMax)) throw badInput('metadata', `at most ${depthMax} levels`, 'more')
  const text = JSON.stringify(metadata)
  const bytes = Buffer.byteLength(text)
  if (bytes > LIMITS.metadataBytes) throw badInput('metadata', `at most ${LIMITS.metadataBytes} bytes`, bytes)
  return text.replace(escapes, (escape) => {
    if (escape === String.raw`\u0000`) throw badInput('metadata', 'text without NUL characters', value)
    return escape.startsWith(String.raw`\ud`) ? '\ufffd' : escape
  })
}

const typeOf = (value: unknown): EventType => {
  const type = EVENT_TYPES.find((each) => each === value)
  if (!type) throw badInput('type', `one of ${EVENT_TYPES.join(', ')}`, value)
  return type
}

/** Throws the Fault that says why not. */
export const checkEvent = (record: unknown, window: Window): EventRecord => {
  const fields = objectOf('record', record)
  return {
    run: runOf(fields.run),
    seq: seqOf(fields.seq),
    type: typeOf(fields.type),
    message: textOf('message', fields.message, LIMITS.messageChars),
    metadata: metadataOf(fields.metadata),
    at: new Date(timeOf('at', fields.at, window)),
  }
}
