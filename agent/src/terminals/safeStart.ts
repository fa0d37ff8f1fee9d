// Finds where a screen may start in the middle of a stream: at a line's first byte, outside any escape sequence.

// The states of a terminal's parser, as far as they decide where a sequence ends. 8-bit C1 controls are left out:
// in a UTF-8 terminal these bytes continue characters.
const ground = 0
const escape = 1
const escapeIntermediate = 2
const csi = 3
const osc = 4
/** DCS, SOS, PM and APC: only ST, CAN or SUB end them. */
const string = 5

/** Where a parser stands after the bytes it has seen. */
export interface ScanState {
  readonly mode: number
  /** The next byte would be a line's first. */
  readonly lineStart: boolean
}

export const scanStart: ScanState = { mode: ground, lineStart: true }

const ESC = 0x1b
const CAN = 0x18
const SUB = 0x1a
const BEL = 0x07
const LF = 0x0a

function afterEscape(byte: number): number {
  if (byte === 0x5b) return csi
  if (byte === 0x5d) return osc
  if (byte === 0x50 || byte === 0x58 || byte === 0x5e || byte === 0x5f) return string
  if (byte < 0x20 || byte === 0x7f) return escape
  return byte < 0x30 ? escapeIntermediate : ground
}

function nextMode(mode: number, byte: number): number {
  if (byte === ESC) return escape
  if (mode === ground || byte === CAN || byte === SUB) return ground
  if (mode === escape) return afterEscape(byte)
  if (mode === osc) return byte === BEL ? ground : osc
  if (mode === string) return string
  // Controls inside a sequence are obeyed without ending it.
  if (byte < 0x20 || byte === 0x7f) return mode
  if (mode === escapeIntermediate) return byte < 0x30 ? mode : ground
  return byte < 0x40 ? csi : ground
}

/** Follows the stream; plain text is skipped at the speed of `indexOf`, so a flood costs next to nothing. */
export function scan(state: ScanState, bytes: Buffer): ScanState {
  let { mode } = state
  for (let i = 0; i < bytes.length; i++) {
    if (mode === ground) {
      i = bytes.indexOf(ESC, i)
      if (i === -1) break
    }
    mode = nextMode(mode, bytes[i]!)
  }
  if (bytes.length === 0) return state
  return { mode, lineStart: mode === ground && bytes[bytes.length - 1] === LF }
}

/**
 * Index of the first line start, given the state before the first byte. Full-screen programs may write for minutes
 * without a line feed; where none is in sight it is the first place outside a sequence and a character.
 */
export function findSafeStart(state: ScanState, bytes: Buffer): number {
  if (state.lineStart) return 0
  let { mode } = state
  let boundary = bytes.length
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!
    const continuesCharacter = (byte & 0xc0) === 0x80
    if (mode === ground && !continuesCharacter) boundary = Math.min(boundary, i)
    mode = nextMode(mode, byte)
    if (mode === ground && byte === LF && i + 1 < bytes.length) return i + 1
  }
  return boundary
}
