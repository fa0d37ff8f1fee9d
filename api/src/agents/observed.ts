// What the console itself saw happen to an instance, for the events slice to keep.
import type { EventType } from '@sindri/schema'
import type { Tx } from '../platform/db.ts'

export interface Observed {
  instanceId: string
  instanceNum: number
  instanceName: string
  type: EventType
  message: string
  metadata: Record<string, unknown>
}

/** Written in the transaction of what was seen; the answer tells the world, once that is committed. */
export type RecordEvents = (tx: Pick<Tx, 'query'>, events: readonly Observed[]) => Promise<() => void>
