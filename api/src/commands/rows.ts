// Rows of commands as the API shows them, and pages of them.
import type { Command, Page, PageArgs } from '@sindri/schema'
import type { Db } from '../platform/db.ts'
import type { Prisma } from '../platform/generated/client.ts'
import { isId } from '../platform/ids.ts'
import { pageSize, readCursor, toPage } from '../platform/paging.ts'

/** All but the payload, which is for its agent alone. */
export const shown = {
  omit: { payload: true },
  include: { instance: { select: { name: true } } },
} satisfies Prisma.CommandDefaultArgs
export type CommandRow = Prisma.CommandGetPayload<typeof shown>

export const FINAL = ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'CANCELLED', 'UNREACHABLE', 'INTERRUPTED'] as const
export const isFinal = (state: Command['state']): boolean => (FINAL as readonly string[]).includes(state)

export const toCommand = (row: CommandRow): Command => ({
  id: row.id,
  instanceId: row.instanceId,
  instanceName: row.instance.name,
  actorId: row.actorId,
  actorName: row.actorName,
  command: row.command,
  args: row.args as string[] | null,
  cwd: row.cwd,
  envNames: row.envNames,
  stdinBytes: row.stdinBytes,
  timeoutMs: row.timeoutMs,
  state: row.state,
  exitCode: row.exitCode,
  signal: row.signal,
  message: row.message,
  stdoutBytes: Number(row.stdoutBytes),
  stderrBytes: Number(row.stderrBytes),
  droppedBytes: Number(row.droppedBytes),
  createdAt: row.createdAt,
  sentAt: row.sentAt,
  startedAt: row.startedAt,
  finishedAt: row.finishedAt,
  durationMs: row.durationMs === null ? null : Number(row.durationMs),
  cancelledBy: row.cancelledBy,
})

/** What is no id, an empty one included, is nobody's; the database would choke on some of it. */
export const onInstance = (instanceId: string | null | undefined): Prisma.CommandWhereInput =>
  instanceId == null ? {} : { instanceId: { in: [instanceId].filter((id) => isId('instance', id)) } }

export const pageOf = async (
  { prisma }: Pick<Db, 'prisma'>,
  args: PageArgs & { instanceId?: string | null | undefined },
): Promise<Page<Command>> => {
  const size = pageSize(args)
  const after = readCursor<[string, string]>(args.after, ['time', 'string'])
  const where = onInstance(args.instanceId)
  const beyond: Prisma.CommandWhereInput = after
    ? { OR: [{ createdAt: { lt: new Date(after[0]) } }, { createdAt: new Date(after[0]), id: { lt: after[1] } }] }
    : {}
  const [rows, total] = await Promise.all([
    prisma.command.findMany({
      where: { AND: [where, beyond] },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: size + 1,
      ...shown,
    }),
    prisma.command.count({ where }),
  ])
  return toPage(rows, size, total, (row) => [row.createdAt.toISOString(), row.id], toCommand)
}
