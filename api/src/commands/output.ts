// What a command writes, from the offsets its reader has: in order, without a gap, to the last byte that is kept.
import type { CommandOutput, CommandStream, OutputArgs } from '@sindri/schema'
import { COMMAND_STREAMS } from '@sindri/schema'
import { badInput } from '@sindri/schema/contract/codes'
import { LIMITS } from '@sindri/schema/contract/limits'
import type { Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import type { Log } from '../platform/log.ts'
import { topics } from '../platform/topics.ts'
import { checkCommandId, noCommand } from './check.ts'
import { isFinal } from './rows.ts'

interface Deps {
  db: Db
  bus: Bus
  clock: Clock
  log: Log
}

/** A notice that was lost costs this much delay. */
const rereadMs = 5_000
/** Of a stream at once: half a megabyte. */
const chunks = 16

const offsetOf = (field: string, value: number | null | undefined): number => {
  const offset = value ?? 0
  if (offset < 0) throw badInput(field, 'a whole number from 0', offset)
  return offset
}

export const createOutput =
  ({ db, bus, clock, log }: Deps) =>
  async ({ id, stdout, stderr }: OutputArgs): Promise<AsyncIterableIterator<CommandOutput, undefined, undefined>> => {
    checkCommandId(id)
    const next: Record<CommandStream, number> = {
      STDOUT: offsetOf('stdout', stdout),
      STDERR: offsetOf('stderr', stderr),
    }
    const select = { state: true, stdoutBytes: true, stderrBytes: true, droppedBytes: true } as const
    const find = () => db.prisma.command.findUnique({ where: { id }, select })
    if (!(await find())) throw noCommand(id)
    // Before the first read: what is stored in between is told of.
    const notices = await bus.subscribe(topics.commandOutput, id)

    const read = async (stream: CommandStream): Promise<CommandOutput[]> => {
      const rows = await db.query<{ at: number; data: Buffer }>(
        `select at, data from command_output
         where command_id = $1 and stream = $2::command_stream and at > $3 - ${LIMITS.commandChunkBytes} and at + length(data) > $3
         order by at limit ${chunks}`,
        [id, stream, next[stream]],
      )
      return rows.flatMap(({ at, data }) => {
        // Records are stored side by side: a later one may be there before an earlier one.
        if (at > next[stream]) return []
        const offset = next[stream]
        next[stream] = at + data.length
        return [{ stream, offset, data: data.subarray(offset - at).toString('base64') }]
      })
    }

    const had = (stream: CommandStream, bytes: bigint): number =>
      Math.min(next[stream], Number(bytes), LIMITS.commandOutputBytes)
    /** Looked at before the rows: what is final then has no more of them to come, but for those under way. */
    const isWhole = (row: NonNullable<Awaited<ReturnType<typeof find>>>): boolean =>
      row.state === 'INTERRUPTED' ||
      // Below the limit too some may have been dropped, for lack of room on its machine.
      had('STDOUT', row.stdoutBytes) + had('STDERR', row.stderrBytes) >=
        Number(row.stdoutBytes) + Number(row.stderrBytes) - Number(row.droppedBytes)

    let over = false
    let wake = (): void => {}
    const undo = clock.every(rereadMs, () => wake())

    async function* all(): AsyncGenerator<CommandOutput, undefined, undefined> {
      let notice: Promise<void> | undefined
      while (!over) {
        let found = 0
        try {
          const row = await find()
          for (const stream of COMMAND_STREAMS) {
            const output = await read(stream)
            found += output.length
            yield* output
          }
          if (found === 0 && (!row || (isFinal(row.state) && isWhole(row)))) return undefined
        } catch (error) {
          // The next look makes up for it: a short outage of the database ends nothing.
          log.debug('output of a command could not be read', { id, error })
        }
        if (found > 0) continue
        notice ??= notices.next().then(
          () => {
            notice = undefined
            wake()
          },
          () => {
            over = true
            wake()
          },
        )
        if (!over) await new Promise<void>((resolve) => (wake = resolve))
      }
      return undefined
    }

    const items = all()
    const stop = async (): Promise<void> => {
      over = true
      undo()
      await notices.return()
      wake()
    }
    const iterator: AsyncIterableIterator<CommandOutput, undefined, undefined> = {
      async next() {
        const item = await items.next()
        if (item.done) await stop()
        return item
      },
      // The generator alone would end only with the next bytes.
      async return() {
        await stop()
        return { done: true, value: undefined }
      },
      [Symbol.asyncIterator]: () => iterator,
    }
    return iterator
  }
