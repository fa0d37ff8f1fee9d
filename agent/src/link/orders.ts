// The inbox of a link: orders that are whole are handed on, everything else is left undone and said once.
import { show } from '@sindri/schema/contract/codes'
import { LIMITS } from '@sindri/schema/contract/limits'
import type { Log } from '../platform/log.ts'
import { oneLine, toNotice } from '../platform/text.ts'
import type { EndReason } from '../terminals/frames.ts'
import type { OrdersWithCommandsSubscription } from './gql/graphql.ts'
import { anyText, base64, type Check, list, members, offset, oneOf, orNull, text, time, whole } from './shape.ts'

export type Order = OrdersWithCommandsSubscription['orders']

export interface Inbox {
  /** null: not an order that can be carried out. */
  read(order: unknown): Order | null
  /** What operators should know of orders that were left undone. */
  notices(): string[]
}

const reasons = ['EXITED', 'ENDED', 'ABANDONED', 'AGENT_RESTARTED', 'INSTANCE_REMOVED', 'REVOKED'] satisfies EndReason[]

const id = text(LIMITS.nameChars)
const pathChars = 4096
const variableChars = 128 * 1024
/** The terminal brings it within its bounds. */
const size = whole(0, 65_535)

const kinds: Readonly<Record<Order['__typename'], Check>> = {
  TerminalOpenOrder: members({
    terminalId: id,
    cols: size,
    rows: size,
    shell: orNull(anyText(pathChars)),
    cwd: orNull(anyText(pathChars)),
    env: list(members({ name: text(LIMITS.nameChars), value: anyText(variableChars) }), LIMITS.listItems),
    deadline: time,
  }),
  TerminalAttachOrder: members({ terminalId: id, attachmentId: id, from: orNull(offset), cols: size, rows: size }),
  TerminalInputOrder: members({ terminalId: id, writer: id, offset, data: base64(LIMITS.frameBytes) }),
  TerminalAckOrder: members({ terminalId: id, attachmentId: id, offset }),
  TerminalResizeOrder: members({ terminalId: id, attachmentId: id, cols: size, rows: size }),
  TerminalDetachOrder: members({ terminalId: id, attachmentId: id }),
  TerminalEndOrder: members({ terminalId: id, reason: oneOf(reasons) }),
  CommandRunOrder: members({
    commandId: id,
    command: anyText(LIMITS.commandChars),
    args: orNull(list(anyText(LIMITS.commandChars), LIMITS.commandArgs)),
    cwd: orNull(anyText(pathChars)),
    env: list(members({ name: text(LIMITS.nameChars), value: anyText(variableChars) }), LIMITS.listItems),
    stdin: orNull(base64(LIMITS.frameBytes)),
    timeoutMs: whole(LIMITS.commandTimeoutMs[0], LIMITS.commandTimeoutMs[1]),
  }),
  CommandCancelOrder: members({ commandId: id }),
  SampleFasterOrder: members({ everyMs: whole(1, LIMITS.metricsRangeMs[1]), until: time }),
}

/** A console that makes up kinds must not fill a log or a screen. */
const maxKinds = 8

export function createInbox({ log }: { log: Log }): Inbox {
  const unknown = new Set<string>()
  const spoilt = new Set<string>()

  /** True the first time, while there is room to remember. */
  const isNews = (seen: Set<string>, kind: string): boolean => {
    if (seen.has(kind) || seen.size >= maxKinds) return false
    seen.add(kind)
    return true
  }

  return {
    read(order) {
      const name = (order as { __typename?: unknown } | null | undefined)?.__typename
      const kind = typeof name === 'string' ? oneLine(name, 64) : ''
      if (kind !== '' && !Object.hasOwn(kinds, kind)) {
        if (isNews(unknown, kind))
          log.warn('UNSUPPORTED: an order of a kind that this agent does not know was left undone', { kind })
        return null
      }
      const problem =
        kind === '' ? `expected an order, got ${show(order)}` : kinds[kind as Order['__typename']](order, '')
      if (problem === null) return order as Order
      if (isNews(spoilt, kind))
        log.warn('an order with a wrong value was left undone; more of its kind are not logged', { kind, problem })
      return null
    },
    notices: () =>
      unknown.size > 0
        ? [
            toNotice(
              `Orders that this agent does not know were left undone: ${[...unknown].join(', ')}. Update the agent.`,
            ),
          ]
        : [],
  }
}
