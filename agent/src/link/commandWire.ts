// The commands' side of a link to a console that knows them: what it orders, what this run asks for, what it still holds.
import type { Commands } from '../commands/commands.ts'
import { type Clock, sleep, type Undo } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Outbox } from '../platform/outbox/outbox.ts'
import { knows } from './ack.ts'
import { ClaimCommandDocument, ReportCommandsDocument } from './gql/graphql.ts'
import type { Link } from './openLink.ts'
import type { Order } from './orders.ts'
import { Refused } from './refused.ts'

export interface CommandWire {
  /** False: the order is not about commands. */
  obey(order: Order): boolean
  linked(link: Link): Undo
}

interface Deps {
  commands: Commands
  outbox: Pick<Outbox, 'held' | 'onSettle'>
  clock: Clock
  log: Log
}

const retryMs = 1_000
/** About the command itself: asking again would be refused again. All others are about the link or the console. */
const ofCommand: ReadonlySet<string> = new Set(['BAD_INPUT', 'BAD_QUERY', 'NOT_FOUND'])

export function createCommandWire({ commands, outbox, clock, log }: Deps): CommandWire {
  const claimOver =
    (link: Link) =>
    async (id: string): Promise<boolean> => {
      try {
        return (await link.ask(ClaimCommandDocument, { id })).claimCommand
      } catch (error) {
        if (!(error instanceof Refused) || !ofCommand.has(error.code)) throw error
        log.error('the console takes back a command that it gave', { id, error })
        return false
      }
    }

  /** Else results that lie in the spool would be overtaken by the word that nobody knows of them any more. */
  function formerAreStored(over: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const look = (): void => {
      if (over.aborted || outbox.held('commands').former === 0) resolve()
    }
    const undo = outbox.onSettle(look)
    over.addEventListener('abort', look)
    look()
    return promise.finally(undo)
  }

  async function report(link: Link, over: AbortSignal): Promise<void> {
    await formerAreStored(over)
    while (!over.aborted) {
      try {
        await link.ask(ReportCommandsDocument, { ids: commands.held() })
        return
      } catch (error) {
        if (over.aborted) return
        if (error instanceof Refused && !error.retry)
          return log.error('the console did not take the list of commands', { error })
        await sleep(clock, retryMs, over)
      }
    }
  }

  return {
    obey(order) {
      switch (order.__typename) {
        case 'CommandRunOrder':
          return (commands.run(order), true)
        case 'CommandCancelOrder':
          return (commands.cancel(order.commandId), true)
        default:
          return false
      }
    },

    linked(link) {
      if (!knows(link.ack, 'commands')) return () => {}
      const over = new AbortController()
      const unlink = commands.linked(claimOver(link))
      void report(link, over.signal)
      return () => {
        over.abort()
        unlink()
      }
    },
  }
}
