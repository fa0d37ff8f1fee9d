// What goes into the outbox, what comes out of it, and how it is answered.

/** In the order in which they are sent. Only samples may be dropped while there is a disk. */
export const streams = ['gaps', 'events', 'commands', 'samples'] as const
export type Stream = (typeof streams)[number]

export interface OutboxRecord {
  readonly run: string
  readonly seq: number
  /** What was appended, with `run` and `seq`: the same each time it is sent. */
  readonly value: Readonly<Record<string, unknown>>
}

/** Records of one stream, in order, in flight until the batch is settled, released or refused. */
export interface Batch {
  readonly stream: Stream
  readonly records: readonly OutboxRecord[]
  readonly bytes: number
}

export interface Refusal {
  /** Position in the batch, from 0. */
  index: number
  code: string
  field?: string | null
  expected?: string | null
  got?: string | null
}

export interface Answer {
  /** STORED, REPEATED or REFUSED, one a record. */
  outcomes: readonly string[]
  refusals: readonly Refusal[]
}
