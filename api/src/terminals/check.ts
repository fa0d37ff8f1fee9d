// What pages and agents send about terminals, checked before it goes anywhere.
import type { AttachArgs, BeaconFrame, FrameInput, OpenTerminalInput, TerminalFrame } from '@sindri/schema'
import { badInput, Fault } from '@sindri/schema/contract/codes'
import { LIMITS } from '@sindri/schema/contract/limits'
import { isId } from '../platform/ids.ts'
import { lineOf } from '../platform/text.ts'
import { variablesOf } from '../platform/variables.ts'

const [minCols, maxCols] = LIMITS.terminalColumns
const [minRows, maxRows] = LIMITS.terminalRows

const within = (field: string, value: number, min: number, max: number): void => {
  if (!Number.isInteger(value) || value < min || value > max)
    throw badInput(field, `a whole number from ${min} to ${max}`, value)
}

export const checkSize = (prefix: string, { cols, rows }: { cols: number; rows: number }): void => {
  within(`${prefix}cols`, cols, minCols, maxCols)
  within(`${prefix}rows`, rows, minRows, maxRows)
}

export const checkOffset = (field: string, offset: number): void => within(field, offset, 0, Number.MAX_SAFE_INTEGER)

export const checkAttachment = (id: string): void => {
  if (!isId('attachment', id)) throw badInput('attachmentId', '"att_" and 26 characters of Crockford base32', id)
}

export const noTerminal = (id: string): Fault =>
  new Fault('NOT_FOUND', `There is no terminal ${JSON.stringify(id.slice(0, 40))} of yours.`)

/** What could not be an id is simply not found. */
export const checkTerminalId = (id: string): void => {
  if (!isId('terminal', id)) throw noTerminal(id)
}

export const checkAttach = (args: AttachArgs): void => {
  checkTerminalId(args.terminalId)
  checkAttachment(args.attachmentId)
  checkSize('', args)
  if (args.from !== null && args.from !== undefined) checkOffset('from', args.from)
}

const longestPath = 4096
/** As JSON; with its id and deadline it is what a message on the bus may hold. */
const maxOpeningBytes = 60 * 1024

/** The order's own form: absent members are null. */
export const toOpening = (input: OpenTerminalInput) => {
  checkSize('input.', input)
  const path = (field: 'shell' | 'cwd'): string | null => {
    const value = input[field]
    if (value === null || value === undefined || value === '') return null
    return lineOf(`input.${field}`, value, 1, longestPath)
  }
  const env = variablesOf('input.env', input.env, longestPath)
  const opening = {
    cols: input.cols,
    rows: input.rows,
    shell: path('shell'),
    cwd: path('cwd'),
    env,
  }
  const size = Buffer.byteLength(JSON.stringify(opening))
  if (size > maxOpeningBytes)
    throw badInput('input.env', `variables that make the order ${maxOpeningBytes} bytes at most, as JSON`, size)
  return opening
}

/** Bytes behind a string of base64 that is known to be well formed. */
export const bytesOf = (base64: string): number =>
  (base64.length / 4) * 3 - (base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0)

export const checkInput = ({ offset, data }: { offset: number; data: string }): void => {
  checkOffset('offset', offset)
  const size = bytesOf(data)
  if (size === 0 || size > LIMITS.terminalInputBytes)
    throw badInput('data', `1 to ${LIMITS.terminalInputBytes} bytes`, `${size} bytes`)
}

const maxFrames = 256
/** 64 KiB of base64: what a message on the bus may hold. Agents send at most `LIMITS.terminalChunkBytes`. */
const maxMessageBytes = 48 * 1024

/** Frames of an agent in the form that viewers get; one bad frame refuses the message, because order is all they have. */
export const toFrames = (frames: readonly FrameInput[]): TerminalFrame[] => {
  if (frames.length === 0 || frames.length > maxFrames)
    throw badInput('frames', `1 to ${maxFrames} frames`, frames.length)
  let total = 0
  return frames.map((frame, index) => {
    const field = `frames.${index}`
    const given = Object.entries(frame).filter(([, value]) => value !== null && value !== undefined)
    if (given.length !== 1) throw badInput(field, 'exactly one member', given.map(([name]) => name).join(', '))
    if (frame.output) {
      checkOffset(`${field}.output.offset`, frame.output.offset)
      total += bytesOf(frame.output.data)
      if (total > maxMessageBytes)
        throw badInput(field, `at most ${maxMessageBytes} bytes in a message`, `${total} bytes`)
      return { kind: 'output', ...frame.output }
    }
    if (frame.resized) {
      checkOffset(`${field}.resized.offset`, frame.resized.offset)
      checkSize(`${field}.resized.`, frame.resized)
      return { kind: 'resized', ...frame.resized }
    }
    if (frame.lost) {
      const { from, to } = frame.lost
      checkOffset(`${field}.lost.from`, from)
      if (to < from) throw badInput(`${field}.lost.to`, `at least ${from}`, to)
      return { kind: 'lost', from, to }
    }
    if (frame.joined) {
      checkOffset(`${field}.joined.offset`, frame.joined.offset)
      checkSize(`${field}.joined.`, frame.joined)
      return { kind: 'joined', ...frame.joined }
    }
    return toBeacon(field, frame.beacon)
  })
}

const toBeacon = (field: string, beacon: FrameInput['beacon']): BeaconFrame => {
  if (!beacon) throw badInput(field, 'exactly one member', 'none')
  checkOffset(`${field}.beacon.outputHead`, beacon.outputHead)
  checkSize(`${field}.beacon.`, beacon)
  return { ...beacon, kind: 'beacon', governor: beacon.governor ?? null }
}
