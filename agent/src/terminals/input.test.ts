import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { foldInput, inputStart, type InputChunk, type InputState } from './input.ts'

const holdBytes = 64
const chunk = (offset: number, text: string): InputChunk => ({ offset, data: Buffer.from(text) })

function feed(chunks: InputChunk[], bytes = holdBytes) {
  let state: InputState = inputStart
  const written: Buffer[] = []
  for (const each of chunks) {
    const folded = foldInput(state, each, bytes)
    state = folded.state
    written.push(...folded.ready)
  }
  return { state, text: Buffer.concat(written).toString('latin1') }
}

describe('the input of a writer', () => {
  test('is handed on in order though it comes out of order', () => {
    expect(feed([chunk(2, 'cd'), chunk(4, 'ef'), chunk(0, 'ab')]).text).toBe('abcdef')
  })

  test('is handed on once though it comes twice', () => {
    expect(feed([chunk(0, 'ab'), chunk(0, 'ab'), chunk(2, 'cd'), chunk(0, 'abcd')]).text).toBe('abcd')
  })

  test('is cut where a resend overlaps what was taken', () => {
    expect(feed([chunk(0, 'abc'), chunk(1, 'bcde')]).text).toBe('abcde')
  })

  test('waits for what is missing', () => {
    const { state, text } = feed([chunk(0, 'a'), chunk(3, 'd')])
    expect(text).toBe('a')
    expect(state.next).toBe(1)
  })

  test('is dropped when it lies too far ahead, and taken when it is sent again', () => {
    const far = chunk(60, 'x'.repeat(10))
    expect(feed([far]).state.held).toEqual([])
    expect(feed([far, chunk(0, 'y'.repeat(60)), far]).text).toBe('y'.repeat(60) + 'x'.repeat(10))
  })

  test('holds a bounded number of pieces', () => {
    const pieces = Array.from({ length: 5000 }, (_, i) => chunk(2 + 2 * i, 'x'))
    expect(feed(pieces, 1 << 20).state.held.length).toBeLessThanOrEqual(1024)
  })

  const sent = fc
    .array(fc.uint8Array({ minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 12 })
    .map((pieces) => {
      let offset = 0
      return pieces.map((piece) => {
        const each = { offset, data: Buffer.from(piece) }
        offset += piece.length
        return each
      })
    })

  /** Any reordering, with repeats and losses. */
  const disturbed = sent.chain((chunks) =>
    fc.record({
      chunks: fc.constant(chunks),
      arrivals: fc.array(fc.nat({ max: chunks.length - 1 }), { maxLength: 60, size: 'max' }),
    }),
  )

  const whole = (chunks: InputChunk[]): string => Buffer.concat(chunks.map((each) => each.data)).toString('latin1')

  test('is a prefix of what was typed, exactly once, under any disturbance', () => {
    fc.assert(
      fc.property(disturbed, fc.integer({ min: 1, max: 200 }), ({ chunks, arrivals }, bytes) => {
        const { state, text } = feed(
          arrivals.map((index) => chunks[index]!),
          bytes,
        )
        expect(whole(chunks).startsWith(text)).toBe(true)
        expect(state.next).toBe(text.length)
        const held = state.held.map((each) => each.data.length)
        expect(state.held.every((each) => each.offset > state.next)).toBe(true)
        expect(
          held.length === 0 ||
            Math.max(...state.held.map((each) => each.offset + each.data.length)) - state.next <= bytes,
        ).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  test('is complete once the page has resent what was not acknowledged', () => {
    fc.assert(
      fc.property(disturbed, ({ chunks, arrivals }) => {
        const disturbance = arrivals.map((index) => chunks[index]!)
        expect(feed([...disturbance, ...chunks]).text).toBe(whole(chunks))
      }),
      { numRuns: 500 },
    )
  })

  test('is complete when a resend is cut differently from the first sending', () => {
    fc.assert(
      fc.property(disturbed, fc.integer({ min: 1, max: 7 }), ({ chunks, arrivals }, pieceBytes) => {
        const all = Buffer.concat(chunks.map((each) => each.data))
        const resent: InputChunk[] = []
        for (let offset = 0; offset < all.length; offset += pieceBytes) {
          resent.push({ offset, data: all.subarray(offset, offset + pieceBytes) })
        }
        expect(feed([...arrivals.map((index) => chunks[index]!), ...resent]).text).toBe(whole(chunks))
      }),
    )
  })
})
