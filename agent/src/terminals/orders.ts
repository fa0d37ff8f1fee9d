// What the console asks of a terminal. Orders arrive in any order and more than once: each says its own place.
import type { EndReason } from './frames.ts'

export interface TerminalOpenOrder {
  terminalId: string
  cols: number
  rows: number
  shell?: string | null
  cwd?: string | null
  env?: readonly { name: string; value: string }[]
  /** Milliseconds since 1970 by the agent's clock; later the order is void. */
  deadlineAt: number
}

export interface TerminalAttachOrder {
  terminalId: string
  attachmentId: string
  /** Output the viewer has; null asks for everything that is still there. */
  from: number | null
  cols: number
  rows: number
}

export interface TerminalInputOrder {
  terminalId: string
  /** The attachment that types. */
  writer: string
  offset: number
  data: Buffer
}

export interface TerminalAckOrder {
  terminalId: string
  attachmentId: string
  offset: number
}

export interface TerminalResizeOrder {
  terminalId: string
  attachmentId: string
  cols: number
  rows: number
}

export interface TerminalDetachOrder {
  terminalId: string
  attachmentId: string
}

export interface TerminalCloseOrder {
  terminalId: string
  reason: EndReason
}
