// What a session says to those who look at it. Offsets count the bytes of the PTY from 0 at spawn; data is raw bytes.

export interface OutputFrame {
  kind: 'output'
  offset: number
  data: Buffer
  replay: boolean
}

/** The terminal took this size after the byte before `offset`. */
export interface ResizedFrame {
  kind: 'resized'
  offset: number
  cols: number
  rows: number
  replay: boolean
}

/** The ring no longer has the bytes in [from, to): reset the screen, mark the gap, go on at `to`. */
export interface LostFrame {
  kind: 'lost'
  from: number
  to: number
}

/** This attachment's replay has caught up: from `offset` on it follows what goes to everybody. */
export interface JoinedFrame {
  kind: 'joined'
  offset: number
  cols: number
  rows: number
}

/** Repeated on purpose: what a lost frame said can be learnt from the next beacon. */
export interface BeaconFrame {
  kind: 'beacon'
  /** Output published so far; a viewer that stays behind it has lost a frame and attaches again. */
  outputHead: number
  /** Bytes of each writer that the PTY has taken. */
  inputAcks: InputAck[]
  governor: string | null
  cols: number
  rows: number
}

export interface InputAck {
  writer: string
  offset: number
}

export type EndReason = 'EXITED' | 'ENDED' | 'ABANDONED' | 'AGENT_RESTARTED' | 'INSTANCE_REMOVED' | 'REVOKED'

/** Follows the last byte. */
export interface ClosedFrame {
  kind: 'closed'
  finalOffset: number
  /** Null where a signal ended the shell. */
  exitCode: number | null
  signal: string | null
  reason: EndReason
}

export type TerminalFrame = OutputFrame | ResizedFrame | LostFrame | JoinedFrame | BeaconFrame | ClosedFrame

/**
 * Sends frames to everybody (null) or to one attachment. Settles when they have left; that is the back pressure.
 * A rejection means that they are lost: nobody sends them again, viewers ask from their offset.
 */
export type Publish = (attachmentId: string | null, frames: TerminalFrame[]) => Promise<void>
