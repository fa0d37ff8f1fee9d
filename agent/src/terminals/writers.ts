// Takes what attachments type, in order and once, and counts what the program's terminal has taken of it.
import { LIMITS } from '@sindri/schema/contract/limits'
import type { InputAck } from './frames.ts'
import { foldInput, inputStart, type InputState } from './input.ts'

export interface Writers {
  /** Whether it brought anything new. */
  input(writer: string, offset: number, data: Buffer): boolean
  acks(): InputAck[]
}

export interface WritersOptions {
  write: (bytes: Buffer, written: () => void) => void
  onWritten: () => void
  /** Whether it is still there: its next input goes on where its last one ended. */
  isThere: (writer: string) => boolean
}

/** Remembered after they have left, since a page that comes back resends: far more than one terminal ever has. */
const maxWriters = 32

interface Writer {
  input: InputState
  written: number
}

export function createWriters({ write, onWritten, isThere }: WritersOptions): Writers {
  /** In order of their last input, so that the first is the one to forget. */
  const writers = new Map<string, Writer>()
  let waitingBytes = 0

  function makeRoom(): void {
    for (const id of writers.keys()) {
      if (writers.size <= maxWriters) return
      if (!isThere(id)) writers.delete(id)
    }
  }

  return {
    input(id, offset, data) {
      // A program that does not read: what does not fit is not taken, and the page sends it again.
      if (waitingBytes + data.length > LIMITS.terminalInputHoldBytes) return false
      const writer = writers.get(id) ?? { input: inputStart, written: 0 }
      writers.delete(id)
      makeRoom()
      writers.set(id, writer)

      const { state, ready } = foldInput(writer.input, { offset, data }, LIMITS.terminalInputHoldBytes)
      const isNew = state !== writer.input
      writer.input = state
      for (const bytes of ready) {
        waitingBytes += bytes.length
        write(bytes, () => {
          waitingBytes -= bytes.length
          writer.written += bytes.length
          onWritten()
        })
      }
      return isNew
    },
    acks: () => [...writers].map(([writer, { written }]) => ({ writer, offset: written })),
  }
}
