// Many callers, one statement: what arrives while a statement runs goes out together with the next one, so load makes commits larger, not more.
import { Fault } from '@sindri/schema/contract/codes'
import type { Clock } from './clock.ts'

export interface Batch {
  /** Whose it is: a failing statement is tried again once for each owner. */
  owner: number | string
  rows: readonly unknown[]
}

export interface GroupCommitDeps<B extends Batch, Answer> {
  clock: Pick<Clock, 'monotonicMs'>
  /** Writes all of them or none; an answer each, in order. A Fault among the answers is thrown to that caller alone. */
  write: (batches: readonly B[]) => Promise<(Answer | Fault)[]>
  /** Told when a shared statement failed and is split. */
  onSplit: (error: unknown) => void
  /** Statements under way at once. */
  inFlight: number
  /** A statement takes batches until it has this many rows. */
  statementRows: number
  /** Beyond this many waiting rows, or for an owner this many waiting batches, the answer is UNAVAILABLE. */
  waitingRows?: number
  waitingBatchesPerOwner?: number
}

export interface GroupCommit<B extends Batch, Answer> {
  /** Resolves after the commit that holds these rows. */
  add(batch: B): Promise<Answer>
  /** Rows that wait for a statement. */
  waiting(): number
  /** What one more row costs those behind it, as it went lately. */
  msPerRow(): number
  /** Resolves when nothing is waiting or under way; what comes later is answered UNAVAILABLE. */
  stop(): Promise<void>
}

interface Waiting<B extends Batch, Answer> extends PromiseWithResolvers<Answer> {
  batch: B
}

/** The present pace is that of about the last so many rows: full statements say more of it than single rows. */
const meanOfRows = 64

const isUnavailable = (error: unknown): boolean => error instanceof Fault && error.code === 'UNAVAILABLE'

export const createGroupCommit = <B extends Batch, Answer>(
  deps: GroupCommitDeps<B, Answer>,
): GroupCommit<B, Answer> => {
  const { clock, write, onSplit, inFlight, statementRows, waitingRows = 20_000, waitingBatchesPerOwner = 8 } = deps
  const waiting: Waiting<B, Answer>[] = []
  const perOwner = new Map<Batch['owner'], number>()
  let rowsWaiting = 0
  let running = 0
  let stopped = false
  let msPerRow = 0.1
  const idle: (() => void)[] = []

  const settle = async (group: readonly Waiting<B, Answer>[]): Promise<void> => {
    const answers = await write(group.map(({ batch }) => batch))
    group.forEach(({ resolve, reject }, i) => {
      const answer = answers[i] as Answer | Fault
      if (answer instanceof Fault) reject(answer)
      else resolve(answer)
    })
  }

  /** Where a shared statement fails, each owner's part is tried alone: one owner cannot fail another. */
  const settleApart = async (group: readonly Waiting<B, Answer>[], error: unknown): Promise<void> => {
    const parts = [...Map.groupBy(group, ({ batch }) => batch.owner).values()]
    if (parts.length === 1 || isUnavailable(error)) {
      for (const { reject } of group) reject(error)
      return
    }
    onSplit(error)
    for (const part of parts) {
      try {
        await settle(part)
      } catch (partError) {
        for (const { reject } of part) reject(partError)
      }
    }
  }

  const take = (): Waiting<B, Answer>[] => {
    let rows = 0
    let count = 0
    while (count < waiting.length && (count === 0 || rows < statementRows))
      rows += waiting[count++]?.batch.rows.length ?? 0
    rowsWaiting -= rows
    const group = waiting.splice(0, count)
    for (const { batch } of group) {
      const left = (perOwner.get(batch.owner) ?? 1) - 1
      if (left === 0) perOwner.delete(batch.owner)
      else perOwner.set(batch.owner, left)
    }
    return group
  }

  const run = async (): Promise<void> => {
    const group = take()
    const rows = group.reduce((sum, { batch }) => sum + batch.rows.length, 0)
    const startMs = clock.monotonicMs()
    try {
      await settle(group)
      if (rows > 0)
        msPerRow += ((clock.monotonicMs() - startMs) / inFlight / rows - msPerRow) * (rows / (rows + meanOfRows))
    } catch (error) {
      await settleApart(group, error)
    }
  }

  const pump = (): void => {
    while (running < inFlight && waiting.length > 0) {
      running += 1
      void run().finally(() => {
        running -= 1
        pump()
        if (running === 0) for (const resolve of idle.splice(0)) resolve()
      })
    }
  }

  const busy = (): Fault => {
    const retryAfterMs = Math.round(Math.min(10_000, Math.max(500, rowsWaiting * msPerRow)))
    return new Fault(
      'UNAVAILABLE',
      `Expected a console with room for these records, got ${rowsWaiting} waiting; try again.`,
      { retryAfterMs },
    )
  }

  return {
    add(batch) {
      const own = perOwner.get(batch.owner) ?? 0
      if (stopped || rowsWaiting + batch.rows.length > waitingRows || own >= waitingBatchesPerOwner)
        return Promise.reject(busy())
      const place: Waiting<B, Answer> = { batch, ...Promise.withResolvers<Answer>() }
      waiting.push(place)
      perOwner.set(batch.owner, own + 1)
      rowsWaiting += batch.rows.length
      pump()
      return place.promise
    },
    waiting: () => rowsWaiting,
    msPerRow: () => msPerRow,
    stop() {
      stopped = true
      return running === 0 ? Promise.resolve() : new Promise((resolve) => idle.push(resolve))
    },
  }
}
