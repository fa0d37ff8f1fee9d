import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createInputQueue } from './inputQueue.ts'

const limits = { chunkBytes: 8, holdBytes: 64, resendMs: 1000, staleMs: 10_000 }
const text = (value: string): Uint8Array => new TextEncoder().encode(value)

describe('the queue of input', () => {
  test('fresh bytes are sent at once, and again only when their acknowledgement is overdue', () => {
    const queue = createInputQueue(limits)
    queue.type(text('ls\r'), 0)
    expect(queue.due(0)).toEqual([{ offset: 0, bytes: text('ls\r') }])
    expect(queue.due(999)).toEqual([])
    expect(queue.due(1000)).toEqual([{ offset: 0, bytes: text('ls\r') }])
    queue.acknowledge(3)
    expect(queue.due(5000)).toEqual([])
    expect(queue.waitingSinceMs).toBeNull()
  })

  test('keys that wait for their acknowledgement go out again as one message', () => {
    const queue = createInputQueue(limits)
    for (const key of 'abcd') {
      queue.type(text(key), 0)
      expect(queue.due(0)).toHaveLength(1)
    }
    expect(queue.due(1000)).toEqual([{ offset: 0, bytes: text('abcd') }])
  })

  test('a partial acknowledgement leaves the rest at its own offset', () => {
    const queue = createInputQueue(limits)
    queue.type(text('abcdef'), 0)
    queue.due(0)
    queue.acknowledge(4)
    expect(queue.due(2000)).toEqual([{ offset: 4, bytes: text('ef') }])
  })

  test('a paste is cut into chunks, and one that is too long is refused as a whole', () => {
    const queue = createInputQueue(limits)
    expect(queue.type(text('x'.repeat(20)), 0)).toBe(true)
    expect(queue.due(0).map(({ offset, bytes }) => [offset, bytes.length])).toEqual([
      [0, 8],
      [8, 8],
      [16, 4],
    ])
    expect(queue.type(text('y'.repeat(60)), 0)).toBe(false)
    expect(queue.waitingBytes).toBe(20)
  })

  test('a new link sends all that waits again at once', () => {
    const queue = createInputQueue(limits)
    queue.type(text('ab'), 0)
    queue.due(0)
    queue.resendAll()
    expect(queue.due(1)).toEqual([{ offset: 0, bytes: text('ab') }])
  })

  test('what is older than ten seconds waits for the user, and so does all behind it', () => {
    const queue = createInputQueue(limits)
    queue.type(text('rm -rf x\r'), 0)
    queue.type(text('y'), 9000)
    expect(queue.stale(9999)).toBe(false)
    expect(queue.stale(10_000)).toBe(true)
    expect(queue.due(10_000)).toEqual([])
    queue.approve(12_000)
    expect(queue.due(12_000).map(({ offset, bytes }) => [offset, bytes.length])).toEqual([
      [0, 8],
      [8, 2],
    ])
  })

  test('a far end that loses chunks and acknowledgements gets every byte once and in order', () => {
    const action = fc.oneof(
      fc.record({ type: fc.uint8Array({ minLength: 1, maxLength: 12 }) }),
      fc.record({ wait: fc.integer({ min: 0, max: 200 }), lose: fc.boolean(), loseAck: fc.boolean() }),
    )
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
        const queue = createInputQueue(limits)
        const typed: number[] = []
        const got: number[] = []
        let now = 0
        const deliver = (lose: boolean, loseAck: boolean): void => {
          for (const { offset, bytes } of queue.due(now)) {
            if (!lose && offset <= got.length) got.push(...bytes.subarray(got.length - offset))
          }
          if (!loseAck) queue.acknowledge(got.length)
        }
        for (const step of actions) {
          if ('type' in step) {
            if (queue.type(step.type, now)) typed.push(...step.type)
          } else {
            now += step.wait
            deliver(step.lose, step.loseAck)
          }
        }
        queue.approve(now)
        for (let tries = 0; tries < 8; tries++) {
          now += 1000
          deliver(false, false)
        }
        expect(got).toEqual(typed)
      }),
    )
  })
})
