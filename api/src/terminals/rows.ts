// Rows of terminals as the API shows them, and pages of them.
import type { CloseReason, Page, PageArgs, Terminal, Viewer } from '@sindri/schema'
import { can } from '@sindri/schema/contract/roles'
import type { Db } from '../platform/db.ts'
import type { Prisma } from '../platform/generated/client.ts'
import { isId } from '../platform/ids.ts'
import { pageSize, readCursor, toPage } from '../platform/paging.ts'

export const withInstance = { include: { instance: { select: { name: true } } } } satisfies Prisma.TerminalDefaultArgs
export type TerminalRow = Prisma.TerminalGetPayload<typeof withInstance>

/** Administrators see that a terminal exists and may end it; its content stays its opener's. */
const seesAll = (viewer: Viewer): boolean => can(viewer, 'user.manage')

const opened = (viewer: Viewer, row: TerminalRow): boolean =>
  (viewer.kind === 'user' || viewer.kind === 'key') && row.openerId === viewer.id

export const mayFind = (viewer: Viewer, row: TerminalRow): boolean => opened(viewer, row) || seesAll(viewer)

/** The same for the database. */
export const findable = (viewer: Viewer): Prisma.TerminalWhereInput =>
  seesAll(viewer) ? {} : { openerId: 'id' in viewer ? viewer.id : '' }

export const toTerminal = (viewer: Viewer, row: TerminalRow): Terminal => ({
  id: row.id,
  instanceId: row.instanceId,
  instanceName: row.instance.name,
  openerId: row.openerId,
  openerName: row.openerName,
  state: row.state,
  reason: row.reason as CloseReason | null,
  message: row.message,
  cols: row.cols,
  rows: row.rows,
  shell: row.shell,
  cwd: row.cwd,
  pid: row.pid,
  finalOffset: row.finalOffset === null ? null : Number(row.finalOffset),
  exitCode: row.exitCode,
  signal: row.signal,
  closedBy: row.closedBy,
  openedAt: row.openedAt,
  readyAt: row.readyAt,
  closedAt: row.closedAt,
  mine: opened(viewer, row),
})

export const findTerminal = async (
  prisma: Pick<Db['prisma'], 'terminal'>,
  viewer: Viewer,
  id: string,
): Promise<TerminalRow | null> => {
  const row = await prisma.terminal.findUnique({ where: { id }, ...withInstance })
  return row && mayFind(viewer, row) ? row : null
}

type Args = PageArgs & { instanceId?: string | null | undefined; open?: boolean | null | undefined }

export const pageOf = async (db: Db, viewer: Viewer, args: Args): Promise<Page<Terminal>> => {
  const size = pageSize(args)
  const after = readCursor<[string, string]>(args.after, ['time', 'string'])
  const where: Prisma.TerminalWhereInput = {
    ...findable(viewer),
    // What is no id, an empty one included, is nobody's; the database would choke on some of it.
    ...(args.instanceId != null && { instanceId: { in: [args.instanceId].filter((id) => isId('instance', id)) } }),
    ...(args.open === true && { state: { not: 'CLOSED' } }),
    ...(args.open === false && { state: 'CLOSED' }),
  }
  const beyond: Prisma.TerminalWhereInput = after
    ? { OR: [{ openedAt: { lt: new Date(after[0]) } }, { openedAt: new Date(after[0]), id: { lt: after[1] } }] }
    : {}
  const [rows, total] = await Promise.all([
    db.prisma.terminal.findMany({
      where: { AND: [where, beyond] },
      orderBy: [{ openedAt: 'desc' }, { id: 'desc' }],
      take: size + 1,
      ...withInstance,
    }),
    db.prisma.terminal.count({ where }),
  ])
  return toPage(
    rows,
    size,
    total,
    (row) => [row.openedAt.toISOString(), row.id],
    (row) => toTerminal(viewer, row),
  )
}
