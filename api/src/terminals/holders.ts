// Whose terminal it is: what an agent says of one counts only where it holds it, and by its newest link.
import type { AgentViewer } from '@sindri/schema'
import { Fault } from '@sindri/schema/contract/codes'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import { prepared } from '../platform/prepared.ts'
import { createTogether } from '../platform/together.ts'
import { checkTerminalId, noTerminal } from './check.ts'

interface Deps {
  db: Pick<Db, 'prisma' | 'query'>
  clock: Pick<Clock, 'after'>
}

type Speaker = Pick<AgentViewer, 'id' | 'epoch'>

/** An instance with its terminals that are not closed, each with the link that spoke for it last. */
interface Holding {
  id: string
  epoch: number
  terminals: { id: string; epoch: number }[]
}

const holdingStatement = prepared(`
select i.id, i.epoch, coalesce(json_agg(json_build_object('id', t.id, 'epoch', t.epoch)) filter (where t.id is not null), '[]') as terminals
from instances i left join terminals t on t.instance_id = i.id and t.state <> 'CLOSED'
where i.id = any($1::text[]) group by i.id`)

/** Beyond this the oldest goes, and costs one question more. */
const most = 20_000

const demandEpoch = ({ epoch }: Speaker, newest: bigint): void => {
  if (epoch < newest) throw new Fault('SUPERSEDED', 'A newer link of this agent took over; this one speaks no more.')
}

export const createHolders = ({ db, clock }: Deps) => {
  /** By terminal, with the link that spoke for it last. */
  const known = new Map<string, Speaker>()
  /** One question for all messages that come meanwhile: two might be answered in the other order, and the messages with them. */
  const looking = new Map<string, Promise<void>>()

  const holding = createTogether((ids) => db.query<Holding>(holdingStatement, [ids]))

  const remember = ({ id, epoch }: Speaker, terminalId: string): void => {
    known.delete(terminalId)
    const [oldest] = known.size >= most ? known.keys() : []
    if (oldest !== undefined) known.delete(oldest)
    known.set(terminalId, { id, epoch })
  }

  const look = async (agent: Speaker, terminalId: string): Promise<void> => {
    checkTerminalId(terminalId)
    const row = await db.prisma.terminal.findUnique({
      where: { id: terminalId },
      select: { instanceId: true, instance: { select: { epoch: true } } },
    })
    if (row?.instanceId !== agent.id) throw noTerminal(terminalId)
    demandEpoch(agent, row.instance.epoch)
    remember(agent, terminalId)
  }

  return {
    remember,
    /** Asks the database: what changes a row is worth it. */
    look,

    /** The same from memory, for each message; undefined: it is. A link that a newer one replaced elsewhere is found out by its own replica. */
    demand(agent: Speaker, terminalId: string): Promise<void> | undefined {
      const key = `${agent.id} ${agent.epoch} ${terminalId}`
      const asked = looking.get(key)
      if (asked) return asked
      const speaker = known.get(terminalId)
      if (speaker?.id === agent.id && speaker.epoch === agent.epoch) return undefined
      const asking = look(agent, terminalId)
      looking.set(key, asking)
      // A turn later: until then messages that waited may still be on their way, and nobody may pass them.
      void Promise.allSettled([asking]).then(() => clock.after(0, () => looking.delete(key)))
      return asking
    },

    /** Terminals of the agent's instance that are not closed, for its newest link alone. */
    async openOf(agent: Speaker): Promise<Holding['terminals']> {
      const row = await holding(agent.id)
      if (!row) return []
      demandEpoch(agent, BigInt(row.epoch))
      return row.terminals
    },
  }
}
