// What is on screen: the output in the order the program wrote it, and how much of it the screen has finished drawing.
import { createOutputOrder, type Piece, type Step } from './outputOrder.ts'

export interface Size {
  cols: number
  rows: number
}

/** What shows the output; `done` is called once the bytes are on screen. */
export interface Screen {
  write(bytes: Uint8Array, done: () => void): void
  resize(size: Size): void
  /** Clears everything and says how many bytes are missing. */
  lost(bytes: number): void
}

export interface Picture {
  /** Whether the output went on with it. */
  take(piece: Piece): boolean
  /** The size in force now; a change of it was lost. */
  resize(size: Size): void
  /** The bytes from here to `to` will not come. */
  lose(to: number): void
  /** Behind the last byte handed to the screen. */
  readonly next: number
  /** Whether frames wait for something that has not come. */
  readonly hole: boolean
  /** A new replay begins: what waits would only repeat it. */
  forget(): void
  readonly isDrawing: boolean
  /** What the screen answers now, it answers to a question that is history. */
  readonly isOld: boolean
}

export interface PictureOptions {
  screen: Screen
  onShown: (offset: number) => void
  onSize: (size: Size) => void
  onJoined: () => void
}

export const createPicture = ({ screen, onShown, onSize, onJoined }: PictureOptions): Picture => {
  const order = createOutputOrder()
  /** In order: the first is the one the screen is at, and that its own answers are about. */
  const drawing: { replay: boolean }[] = []

  const resize = ({ cols, rows }: Size): void => {
    onSize({ cols, rows })
    screen.resize({ cols, rows })
  }

  const show = (step: Step, end: number): void => {
    switch (step.kind) {
      case 'write': {
        const write = { replay: step.replay }
        drawing.push(write)
        return screen.write(step.bytes, () => {
          drawing.splice(drawing.indexOf(write), 1)
          onShown(end)
        })
      }
      case 'resize':
        return resize(step)
      case 'lost':
        return screen.lost(step.bytes)
      case 'joined':
        onJoined()
        return resize(step)
    }
  }

  return {
    take(piece) {
      const before = order.next
      let end = before
      for (const step of order.take(piece)) {
        if (step.kind === 'write') end += step.bytes.length
        if (step.kind === 'lost') end += step.bytes
        show(step, end)
      }
      return order.next > before
    },
    resize,
    lose: (to) => screen.lost(to - order.next),
    get next() {
      return order.next
    },
    get hole() {
      return order.hole
    },
    forget: order.forget,
    get isDrawing() {
      return drawing.length > 0
    },
    get isOld() {
      return drawing[0]?.replay ?? false
    },
  }
}
