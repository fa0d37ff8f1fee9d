import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createOutputOrder, type Piece, type Step } from './outputOrder.ts'

const all = Uint8Array.from({ length: 300 }, (_, i) => i % 256)
const output = (from: number, to: number, replay = false): Piece => ({
  kind: 'output',
  offset: from,
  bytes: all.subarray(from, to),
  replay,
})
const written = (steps: readonly Step[]): number[] =>
  steps.flatMap((step) => (step.kind === 'write' ? [...step.bytes] : []))

describe('the order of output', () => {
  test('it begins at 0, or where the agent says that its ring begins, and never in the middle', () => {
    const order = createOutputOrder()
    expect(order.take(output(100, 110, true))).toEqual([])
    expect([order.next, order.hole]).toEqual([0, true])
    order.forget()
    expect(order.take({ kind: 'lost', from: 0, to: 100 })).toEqual([{ kind: 'lost', bytes: 100 }])
    expect(written(order.take(output(100, 110, true)))).toEqual([...all.subarray(100, 110)])
    expect(order.next).toBe(110)
  })

  test('a loss behind a hole waits, for what is in the hole is not lost', () => {
    const order = createOutputOrder()
    expect(order.take({ kind: 'lost', from: 20, to: 100 })).toEqual([])
    expect(order.take(output(0, 20)).at(-1)).toEqual({ kind: 'lost', bytes: 80 })
  })

  test('what was shown is cut off, and what is wholly old is dropped', () => {
    const order = createOutputOrder()
    order.take(output(0, 50))
    expect(order.take(output(10, 40))).toEqual([])
    expect(written(order.take(output(40, 60)))).toEqual([...all.subarray(50, 60)])
  })

  test('a frame ahead of its turn waits and makes a hole known', () => {
    const order = createOutputOrder()
    order.take(output(0, 10))
    expect(order.take(output(20, 30))).toEqual([])
    expect(order.hole).toBe(true)
    expect(written(order.take(output(10, 20)))).toEqual([...all.subarray(10, 30)])
    expect(order.hole).toBe(false)
  })

  test('a resize keeps its place among the bytes, and is not repeated by a replay', () => {
    const order = createOutputOrder()
    order.take(output(0, 10))
    expect(order.take({ kind: 'resized', offset: 10, cols: 90, rows: 30, replay: false })).toEqual([
      { kind: 'resize', cols: 90, rows: 30, replay: false },
    ])
    order.take(output(10, 20))
    expect(order.take({ kind: 'resized', offset: 10, cols: 90, rows: 30, replay: true })).toEqual([])
  })

  test('a loss is counted from what was shown, and the output goes on behind it', () => {
    const order = createOutputOrder()
    order.take(output(0, 10))
    expect(order.take({ kind: 'lost', from: 10, to: 100 })).toEqual([{ kind: 'lost', bytes: 90 }])
    expect(written(order.take(output(100, 105)))).toEqual([...all.subarray(100, 105)])
  })

  test('whatever order, overlap and repetition frames come in, every byte is shown once and in order', () => {
    const frames = fc.array(fc.tuple(fc.nat(299), fc.integer({ min: 1, max: 60 })), { maxLength: 40 })
    fc.assert(
      fc.property(frames, (chosen) => {
        const order = createOutputOrder()
        const seen = written(order.take(output(0, 1)))
        const covered = [
          ...chosen.map(([from, size]) => [from, Math.min(from + size, 300)] as const),
          [1, 150] as const,
          [150, 300] as const,
        ]
        for (const [from, to] of covered) seen.push(...written(order.take(output(from, to))))
        expect(seen).toEqual([...all])
      }),
    )
  })
})
