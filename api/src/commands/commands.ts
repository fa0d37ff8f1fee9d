// Commands: asked for by people and programs, kept as rows, given to agents until they are claimed, and never begun twice.
import type { Command, CommandReports, Commands, Order, Viewer } from '@sindri/schema'
import { Fault } from '@sindri/schema/contract/codes'
import { LIMITS } from '@sindri/schema/contract/limits'
import { SINCE_MINOR } from '@sindri/schema/contract/protocol'
import { gap, type Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import { deleteSome, soberNow } from '../platform/expire.ts'
import type { Ids } from '../platform/ids.ts'
import type { Jobs } from '../platform/jobs.ts'
import type { Log } from '../platform/log.ts'
import { topics } from '../platform/topics.ts'
import { createChanges } from './changes.ts'
import { checkCommandId, noCommand, toWanted } from './check.ts'
import { createDelivery } from './delivery.ts'
import { createOutput } from './output.ts'
import { createReports } from './records.ts'
import { type CommandRow, FINAL, isFinal, pageOf, shown, toCommand } from './rows.ts'

export interface CommandsDeps {
  db: Db
  bus: Bus
  clock: Clock
  ids: Ids
  jobs: Jobs
  log: Log
  /** The inbox of the link that an agent holds on this replica. */
  inboxOf: (instanceId: string) => { offer(order: Order): boolean } | undefined
  /** The instance by its id, or NOT_FOUND as the viewer may know it. */
  instanceOf: (viewer: Viewer, id: string) => Promise<{ id: string; name: string }>
}

export interface CommandsService {
  commands: Commands
  reports: CommandReports
  start(): Promise<() => Promise<void>>
}

/** A notice that was lost costs this much delay. */
const deliverEveryMs = 10_000
const sweepEveryMs = 60_000
const keptMs = 90 * 86_400_000

const sweepStatement = `
update commands c set
  state = case when c.state = 'RUNNING' then 'INTERRUPTED' else 'UNREACHABLE' end::command_state,
  message = case when i.deleted_at is not null then 'Its instance was removed.'
    when c.state = 'RUNNING' then 'Nothing was heard of its end: it may have run, in part or whole.'
    else 'Its agent did not come for it within 24 h.' end,
  payload = null, finished_at = now(), revision = c.revision + 1, changed_at = now()
from instances i
where i.id = c.instance_id and (
  (c.state in ('QUEUED', 'SENT') and (i.deleted_at is not null or c.created_at < now() - $1 * interval '1 ms'))
  or (c.state = 'RUNNING' and (i.deleted_at is not null or c.started_at < now() - (c.timeout_ms + $1) * interval '1 ms')))
returning c.id`

export const createCommands = (deps: CommandsDeps): CommandsService => {
  const { db, bus, clock, ids, jobs, log, instanceOf } = deps
  const changed = (id: string): void => void bus.publish(topics.commandListed, 'all', { id })
  const grew = (id: string): void => void bus.publish(topics.commandOutput, id, {})
  const { deliver, deliverAll } = createDelivery({ ...deps, changed })

  const find = async (id: string): Promise<CommandRow> => {
    checkCommandId(id)
    const row = await db.prisma.command.findUnique({ where: { id }, ...shown })
    if (!row) throw noCommand(id)
    return row
  }
  const one = async (id: string): Promise<Command> => toCommand(await find(id))

  const commands: Commands = {
    page: (_viewer, args) => pageOf(db, args),
    one: (_viewer, id) => one(id),
    changes: (
      (changes) => (_viewer, instanceId) =>
        changes(instanceId)
    )(createChanges(deps)),
    output: (
      (output) => (_viewer, args) =>
        output(args)
    )(createOutput(deps)),

    async run(viewer, input) {
      if (viewer.kind !== 'user' && viewer.kind !== 'key')
        throw new Fault('FORBIDDEN', 'Commands are run by users and keys.')
      const { env, stdin, ...wanted } = toWanted(input)
      const instance = await instanceOf(viewer, input.instanceId)
      const id = ids.make('command')
      await db.change(viewer, 'command.run.runCommand', { kind: 'command', id }, async (tx) => {
        // Locked: of two that come at once the second counts the first.
        const [place] = await tx.query<{ minor: number | null; open: number }>(
          `select i.protocol_minor as minor,
             (select count(*) from commands where instance_id = i.id and state in ('QUEUED', 'SENT', 'RUNNING')) as open
           from instances i where i.id = $1 and i.deleted_at is null for update of i`,
          [instance.id],
        )
        if (!place) throw new Fault('NOT_FOUND', 'Expected an instance of this id, got none.')
        if (place.minor !== null && place.minor < SINCE_MINOR.commands)
          throw new Fault('UNSUPPORTED', `The agent of ${instance.name} does not know commands: update it.`)
        if (place.open >= LIMITS.commandsPerAgent) {
          throw new Fault(
            'LIMIT_REACHED',
            `${instance.name} has ${place.open} commands that wait or run; at most ${LIMITS.commandsPerAgent} may.`,
          )
        }
        await tx.query(
          `insert into commands (id, instance_id, actor_kind, actor_id, actor_name, command, args, cwd, env_names, stdin_bytes, timeout_ms, payload)
           values ($1, $2, $3::actor_kind, $4, $5, $6, $7::jsonb, $8, $9, $10, $11, $12::jsonb)`,
          [
            id,
            instance.id,
            viewer.kind.toUpperCase(),
            viewer.id,
            viewer.name,
            wanted.command,
            wanted.args && JSON.stringify(wanted.args),
            wanted.cwd,
            env.map(({ name }) => name),
            wanted.stdinBytes,
            wanted.timeoutMs,
            JSON.stringify({ env, stdin }),
          ],
        )
        // Values may be secrets; their names are enough to know what was set.
        return {
          result: id,
          after: { instance: instance.name, ...wanted, env: env.map(({ name }) => name) },
          publish() {
            changed(id)
            bus.publish(topics.commandAsked, 'all', { instanceId: instance.id })
          },
        }
      })
      return one(id)
    },

    async cancel(viewer, id) {
      const { instanceId } = await find(id)
      const by = 'name' in viewer ? viewer.name : null
      await db.change(viewer, 'command.run.cancelCommand', { kind: 'command', id }, async (tx) => {
        const [before] = await tx.query<{ state: Command['state'] }>(
          'select state from commands where id = $1 for update',
          [id],
        )
        if (!before) throw noCommand(id)
        const isRunning = before.state === 'RUNNING'
        if (!isFinal(before.state))
          await tx.query(
            isRunning
              ? `update commands set cancelled_by = coalesce(cancelled_by, $2), cancel_asked_at = coalesce(cancel_asked_at, now()),
                   revision = revision + 1, changed_at = now() where id = $1`
              : `update commands set state = 'CANCELLED', cancelled_by = $2, finished_at = now(), payload = null,
                   message = 'It was taken back before it began.', revision = revision + 1, changed_at = now() where id = $1`,
            [id, by],
          )
        return {
          result: id,
          before,
          after: { by },
          publish() {
            changed(id)
            grew(id)
            if (isRunning) bus.publish(topics.commandAsked, 'all', { instanceId })
          },
        }
      })
      return one(id)
    },
  }

  const sweep = async (signal: AbortSignal): Promise<void> => {
    const rows = await db.query<{ id: string }>(sweepStatement, [LIMITS.commandWaitMs])
    for (const { id } of rows) {
      changed(id)
      grew(id)
    }
    const before = new Date((await soberNow(db.query, clock)) - keptMs)
    await deleteSome(
      db.query,
      'commands',
      `created_at < $1 and state = any ($2::command_state[])`,
      [before, [...FINAL]],
      signal,
    )
  }

  return {
    commands,
    reports: createReports({ db, changed, grew, deliver }),

    async start() {
      const asked = await bus.subscribe(topics.commandAsked, 'all')
      const followed = (async () => {
        for await (const notice of asked) {
          await (notice === gap ? deliverAll() : deliver(notice.instanceId)).catch((error: unknown) =>
            log.debug('commands could not be given to their agents; they are with the next round', { error }),
          )
        }
      })()
      const undo = [
        jobs.start({ name: 'commands.delivery', intervalMs: deliverEveryMs, run: deliverAll }),
        jobs.start({ name: 'commands.sweep', intervalMs: sweepEveryMs, run: sweep }),
      ]
      return async () => {
        await asked.return()
        await Promise.all([followed, ...undo.map((end) => end())])
      }
    },
  }
}
