import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRing, maxItems, maxResizes, type Ring, type RingCursor } from './ring.ts'
import type { Size } from './size.ts'

const size: Size = { cols: 80, rows: 24 }

/** Reads all that is left, in pieces of `maxBytes`. */
function readAll(ring: Ring, from: RingCursor, maxBytes: number) {
  const items = []
  for (let cursor = from; ;) {
    const { items: more, next } = ring.read(cursor, maxBytes)
    if (more.length === 0) return items
    items.push(...more)
    cursor = next
  }
}

const joined = (items: ReturnType<typeof readAll>): string =>
  Buffer.concat(items.flatMap((item) => (item.kind === 'output' ? [item.data] : []))).toString('latin1')

describe('the ring of a terminal', () => {
  test('gives back what was written, by offset', () => {
    const ring = createRing({ ringBytes: 8, size })
    ring.append(Buffer.from('abc'))
    ring.append(Buffer.from('de'))
    expect(ring.read({ offset: 1, resizes: 0 }, 3)).toEqual({
      items: [{ kind: 'output', offset: 1, data: Buffer.from('bcd') }],
      next: { offset: 4, resizes: 0 },
    })
  })

  test('keeps the newest bytes and names where they start', () => {
    const ring = createRing({ ringBytes: 4, size })
    ring.append(Buffer.from('abcdef'))
    ring.append(Buffer.from('gh'))
    expect([ring.start, ring.head]).toEqual([4, 8])
    expect(joined(readAll(ring, ring.at(4).cursor, 3))).toBe('efgh')
  })

  test('places a resize between the bytes where it happened', () => {
    const ring = createRing({ ringBytes: 64, size })
    ring.append(Buffer.from('ab'))
    ring.resize({ cols: 100, rows: 30 })
    ring.append(Buffer.from('cd'))
    expect(readAll(ring, ring.at(0).cursor, 64)).toEqual([
      { kind: 'output', offset: 0, data: Buffer.from('ab') },
      { kind: 'resized', offset: 2, size: { cols: 100, rows: 30 } },
      { kind: 'output', offset: 2, data: Buffer.from('cd') },
    ])
  })

  test('gives a reader at the head a resize that brings no bytes, once', () => {
    const ring = createRing({ ringBytes: 64, size })
    const before = ring.end()
    ring.resize({ cols: 90, rows: 20 })
    const first = ring.read(before, 64)
    expect(first.items).toEqual([{ kind: 'resized', offset: 0, size: { cols: 90, rows: 20 } }])
    expect(ring.read(first.next, 64).items).toEqual([])
  })

  test('knows the size at an offset whose resize has left the ring', () => {
    const ring = createRing({ ringBytes: 4, size })
    ring.append(Buffer.from('a'))
    ring.resize({ cols: 100, rows: 30 })
    ring.append(Buffer.from('bcdefgh'))
    ring.resize({ cols: 120, rows: 40 })
    expect(ring.at(ring.start).size).toEqual({ cols: 100, rows: 30 })
    expect(ring.at(ring.head).size).toEqual({ cols: 120, rows: 40 })
  })

  test('gives no more at once than a message holds, and the rest with the next read', () => {
    const ring = createRing({ ringBytes: 1024, size })
    const start = ring.end()
    for (let i = 0; i < 2 * maxItems; i++) {
      ring.append(Buffer.from('a'))
      ring.resize({ cols: 80 + (i % 9), rows: 24 })
    }
    expect(ring.read(start, 1024).items.length).toBeLessThanOrEqual(maxItems + 1)
    expect(readAll(ring, start, 1024).length).toBe(4 * maxItems)
  })

  test('stays bounded under resizes without end', () => {
    const ring = createRing({ ringBytes: 1 << 16, size })
    for (let i = 0; i < 3 * maxResizes; i++) {
      ring.append(Buffer.from('x'))
      ring.resize({ cols: 80 + (i % 9), rows: 24 })
    }
    const resized = readAll(ring, ring.at(ring.start).cursor, 1 << 16).filter((item) => item.kind === 'resized')
    expect(resized.length).toBeLessThanOrEqual(maxResizes)
    expect(ring.size).toEqual({ cols: 80 + ((3 * maxResizes - 1) % 9), rows: 24 })
  })

  test('refuses to read what it no longer has', () => {
    const ring = createRing({ ringBytes: 2, size })
    ring.append(Buffer.from('abcd'))
    expect(() => ring.read({ offset: 1, resizes: 0 }, 1)).toThrow('expected 2 to 4, got 1')
  })

  const operation = fc.oneof(
    fc.record({ bytes: fc.uint8Array({ maxLength: 40 }) }),
    fc.record({ cols: fc.integer({ min: 2, max: 300 }) }),
  )

  test('equals a list that never forgets, cut to its newest bytes', () => {
    fc.assert(
      fc.property(
        fc.array(operation, { maxLength: 60, size: 'max' }),
        fc.integer({ min: 1, max: 64 }),
        fc.integer({ min: 1, max: 50 }),
        (operations, ringBytes, maxBytes) => {
          const evicted: Buffer[] = []
          const ring = createRing({ ringBytes, size, onEvict: (bytes) => evicted.push(Buffer.from(bytes)) })
          let all = Buffer.alloc(0)
          const resizes: { offset: number; cols: number }[] = []
          for (const step of operations) {
            if ('bytes' in step) {
              ring.append(Buffer.from(step.bytes))
              all = Buffer.concat([all, step.bytes])
            } else {
              ring.resize({ cols: step.cols, rows: 24 })
              if (resizes.at(-1)?.offset === all.length) resizes.pop()
              resizes.push({ offset: all.length, cols: step.cols })
            }
          }
          const start = Math.max(0, all.length - ringBytes)
          expect([ring.start, ring.head]).toEqual([start, all.length])
          expect(Buffer.concat(evicted).equals(all.subarray(0, start))).toBe(true)
          for (const from of [start, Math.floor((start + all.length) / 2), all.length]) {
            const opened = ring.at(from)
            const items = readAll(ring, opened.cursor, maxBytes)
            expect(joined(items)).toBe(all.subarray(from).toString('latin1'))
            expect(opened.size.cols).toBe(resizes.filter((resize) => resize.offset <= from).at(-1)?.cols ?? 80)
            expect(items.flatMap((item) => (item.kind === 'resized' ? [[item.offset, item.size.cols]] : []))).toEqual(
              resizes.filter((resize) => resize.offset > from).map((resize) => [resize.offset, resize.cols]),
            )
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  test('gives a reader that follows along every byte and every visible resize exactly once', () => {
    fc.assert(
      fc.property(
        fc.array(operation, { maxLength: 60, size: 'max' }),
        fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }),
        (operations, reads) => {
          const ring = createRing({ ringBytes: 1 << 14, size })
          let all = Buffer.alloc(0)
          let cursor = ring.end()
          const got: Buffer[] = []
          let cols = size.cols
          operations.forEach((step, index) => {
            if ('bytes' in step) {
              ring.append(Buffer.from(step.bytes))
              all = Buffer.concat([all, step.bytes])
            } else ring.resize({ cols: step.cols, rows: 24 })
            if (!reads[index]) return
            const { items, next } = ring.read(cursor, 1 << 14)
            for (const item of items) {
              if (item.kind === 'output') got.push(item.data)
              else cols = item.size.cols
            }
            cursor = next
            expect(Buffer.concat(got).equals(all)).toBe(true)
            expect(cols).toBe(ring.size.cols)
          })
        },
      ),
    )
  })
})
