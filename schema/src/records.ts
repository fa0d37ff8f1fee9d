// Records: what agents keep until the console has stored it, and the answer that tells them what became of each.
import { builder } from './builder.ts'
import type { FaultCode } from './contract/codes.ts'

export const RECORD_OUTCOMES = ['STORED', 'REPEATED', 'REFUSED'] as const
export type RecordOutcome = (typeof RECORD_OUTCOMES)[number]

export interface Refusal {
  index: number
  code: FaultCode
  field: string | null
  expected: string | null
  got: string | null
}

/** One outcome a record, in the order of the request; why, for those refused. */
export interface PublishAnswer {
  outcomes: RecordOutcome[]
  refusals: Refusal[]
}

/** A record as it arrives: shaped by GraphQL, its values not checked yet. */
export type Unchecked<T> = T extends Date | number
  ? unknown
  : T extends (infer Item)[]
    ? readonly Unchecked<Item>[]
    : T extends object
      ? { [Key in keyof T]?: Unchecked<T[Key]> | null | undefined }
      : T

export interface RecordIdentity {
  run: string
  seq: unknown
}

const RecordOutcomeEnum = builder.enumType('RecordOutcome', {
  description: 'What became of one record.',
  values: {
    STORED: { description: 'Committed by this mutation.' },
    REPEATED: { description: 'Was committed before; nothing changed.' },
    REFUSED: { description: 'Final: sending it again cannot help.' },
  },
})
const RefusalRef = builder.objectRef<Refusal>('Refusal').implement({
  description: 'Why a record was refused.',
  fields: (t) => ({
    index: t.exposeInt('index', { description: 'Its position in the request, from 0.' }),
    code: t.exposeString('code', { description: 'Fault code.' }),
    field: t.exposeString('field', { nullable: true, description: 'Which value.' }),
    expected: t.exposeString('expected', { nullable: true, description: 'What was expected.' }),
    got: t.exposeString('got', { nullable: true, description: 'What was got, shortened.' }),
  }),
})
export const PublishAnswerRef = builder.objectRef<PublishAnswer>('PublishAnswer').implement({
  description: 'The answer to records, given after they are durable.',
  fields: (t) => ({
    outcomes: t.expose('outcomes', {
      type: [RecordOutcomeEnum],
      description: 'One a record, in the order of the request.',
    }),
    refusals: t.expose('refusals', { type: [RefusalRef], description: 'One for each refused record.' }),
  }),
})
