// Restores the order of what one writer typed: every byte once, in order, whatever the way did to the messages.

export interface InputChunk {
  offset: number
  data: Buffer
}

/** Pure: a fold returns a new state. */
export interface InputState {
  /** Offset of the next byte to come; all before it was handed on. */
  readonly next: number
  /** Chunks that came too early, by offset. They may overlap; none lies wholly inside another. */
  readonly held: readonly InputChunk[]
}

export const inputStart: InputState = { next: 0, held: [] }

/** Early chunks kept at most: one-byte chunks without end would otherwise cost far more than their bytes. */
const maxHeld = 1024

const endOf = (chunk: InputChunk): number => chunk.offset + chunk.data.length
const covers = (outer: InputChunk, inner: InputChunk): boolean =>
  outer.offset <= inner.offset && endOf(outer) >= endOf(inner)

function hold(held: readonly InputChunk[], chunk: InputChunk): readonly InputChunk[] {
  if (held.some((other) => covers(other, chunk))) return held
  const others = held.filter((other) => !covers(chunk, other))
  if (others.length >= maxHeld) return held
  return [...others, chunk].sort((a, b) => a.offset - b.offset)
}

/**
 * Takes a chunk and answers the bytes that are now in order. What lies more than `holdBytes` ahead is dropped: the
 * page sends unacknowledged input again.
 */
export function foldInput(
  state: InputState,
  chunk: InputChunk,
  holdBytes: number,
): { state: InputState; ready: Buffer[] } {
  if (endOf(chunk) <= state.next || endOf(chunk) - state.next > holdBytes) return { state, ready: [] }
  const held = hold(state.held, chunk)
  if (chunk.offset > state.next) return { state: { ...state, held }, ready: [] }

  let { next } = state
  const ready: Buffer[] = []
  // The chunk in hand goes first: it is taken even when the early ones leave no room to hold it.
  for (const each of [chunk, ...held]) {
    if (each.offset > next) break
    if (endOf(each) <= next) continue
    ready.push(each.data.subarray(next - each.offset))
    next = endOf(each)
  }
  return { state: { next, held: held.filter((each) => endOf(each) > next) }, ready }
}
