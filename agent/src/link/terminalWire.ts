// The terminals' side of a link: orders come in and become calls, frames and reports go out.
import type { Clock, Undo } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { EndReason, OutputFrame, TerminalFrame } from '../terminals/frames.ts'
import type { OpenAnswer, Sessions } from '../terminals/sessions.ts'
import type { TerminalReport } from '../terminals/session.ts'
import {
  type OrdersWithCommandsSubscription,
  PublishTerminalFramesDocument,
  ReportTerminalClosedDocument,
  ReportTerminalOpenedDocument,
  ReportTerminalsDocument,
  type TerminalFrameInput,
} from './gql/graphql.ts'
import type { Link } from './openLink.ts'
import { Written } from './operations.ts'
import { Unanswered } from './refused.ts'

type Order = OrdersWithCommandsSubscription['orders']

export interface TerminalWire {
  /** False: the order is not about terminals. */
  obey(order: Order): boolean
  /** Frames of a session; rejects while there is no link. */
  publish(terminalId: string, attachmentId: string | null, frames: TerminalFrame[]): Promise<void>
  /** A session has ended; told until the console has heard it, on whichever link. */
  ended(report: TerminalReport): void
  linked(link: Link): Undo
}

interface Deps {
  sessions: () => Sessions
  clock: Clock
  log: Log
  /** Console time as this machine's. */
  toLocalMs: (consoleMs: number) => number
}

const retryMs = 1000

const toInput = (frame: Exclude<TerminalFrame, OutputFrame>): TerminalFrameInput => {
  switch (frame.kind) {
    case 'resized':
      return { resized: { offset: frame.offset, cols: frame.cols, rows: frame.rows, replay: frame.replay } }
    case 'lost':
      return { lost: { from: frame.from, to: frame.to } }
    case 'joined':
      return { joined: { offset: frame.offset, cols: frame.cols, rows: frame.rows } }
    case 'beacon': {
      const { outputHead, inputAcks, governor, cols, rows } = frame
      return { beacon: { outputHead, inputAcks, governor, cols, rows } }
    }
    case 'closed':
      throw new Error('expected a frame that is published, got the end, which is reported')
  }
}

/** As JSON. Base64 has nothing to escape, and to look for that would take longer than all else that is done for a frame of a flood. */
const toJson = (frame: TerminalFrame): string => {
  if (frame.kind !== 'output') return JSON.stringify(toInput(frame))
  const { offset, data, replay } = frame
  return `{"output":{"offset":${offset},"data":"${data.toString('base64')}","replay":${replay}}}`
}

export function createTerminalWire({ sessions, clock, log, toLocalMs }: Deps): TerminalWire {
  let present: Link | null = null

  /** Tells until it is heard or this link is over; `reportTerminals` tells again on the next. */
  async function tell(link: Link, what: string, ask: () => Promise<unknown>): Promise<boolean> {
    while (present === link) {
      try {
        await ask()
        return true
      } catch (error) {
        if (present !== link) break
        if (!(error instanceof Unanswered) && !(error as { retry?: boolean }).retry) {
          log.error(`the console did not take ${what}`, { error })
          return true
        }
        await new Promise<void>((resolve) => void clock.after(retryMs, resolve))
      }
    }
    return false
  }

  async function tellOpened(answer: OpenAnswer): Promise<void> {
    const link = present
    if (!link) return
    const id = answer.terminalId
    const variables =
      answer.kind === 'ready' ? { id, pid: answer.pid, shell: answer.shell } : { id, failure: answer.reason }
    await tell(link, 'the report of a terminal that opened', async () => {
      const { reportTerminalOpened } = await link.ask(ReportTerminalOpenedDocument, variables)
      if (!reportTerminalOpened) sessions().close({ terminalId: id, reason: 'ENDED' })
    })
  }

  async function tellEnded({ terminalId: id, ended }: TerminalReport): Promise<void> {
    const link = present
    if (!link || !ended) return
    const { finalOffset, exitCode, signal, reason } = ended
    const heard = await tell(link, 'the report of a terminal that ended', () =>
      link.ask(ReportTerminalClosedDocument, { report: { id, finalOffset, exitCode, signal, reason } }),
    )
    if (heard) sessions().acknowledgeEnd(id)
  }

  return {
    obey(order) {
      switch (order.__typename) {
        case 'TerminalOpenOrder': {
          const answer = sessions().open({ ...order, deadlineAt: toLocalMs(Date.parse(order.deadline)) })
          if (answer) void tellOpened(answer)
          return true
        }
        case 'TerminalAttachOrder':
          return (sessions().attach(order), true)
        case 'TerminalInputOrder':
          return (sessions().input({ ...order, data: Buffer.from(order.data, 'base64') }), true)
        case 'TerminalAckOrder':
          return (sessions().ack(order), true)
        case 'TerminalResizeOrder':
          return (sessions().resize(order), true)
        case 'TerminalDetachOrder':
          return (sessions().detach(order), true)
        case 'TerminalEndOrder':
          return (sessions().close({ terminalId: order.terminalId, reason: order.reason as EndReason }), true)
        default:
          return false
      }
    },

    async publish(terminalId, attachmentId, frames) {
      // The end goes out as a report of its own, which the console keeps.
      const open = frames.filter(({ kind }) => kind !== 'closed')
      if (open.length === 0) return
      if (!present) throw new Unanswered('there is no link')
      const whose = JSON.stringify({ terminalId, attachmentId })
      const variables = new Written(`${whose.slice(0, -1)},"frames":[${open.map(toJson).join(',')}]}`)
      await present.ask(PublishTerminalFramesDocument, variables)
    },

    ended: (report) => void tellEnded(report),

    linked(link) {
      present = link
      const begin = async (): Promise<void> => {
        const held = sessions().report()
        const list = held.map(({ terminalId: id, outputHead, pid }) => ({ id, outputHead, pid }))
        await tell(link, 'the list of terminals', async () => {
          const { reportTerminals } = await link.ask(ReportTerminalsDocument, { sessions: list })
          for (const terminalId of reportTerminals) {
            sessions().close({ terminalId, reason: 'ENDED' })
            sessions().acknowledgeEnd(terminalId)
          }
        })
        if (present !== link) return
        sessions().linkRegained()
        for (const report of held) if (report.ended) void tellEnded(report)
      }
      void begin()
      return () => {
        if (present === link) present = null
        sessions().linkLost()
      }
    },
  }
}
