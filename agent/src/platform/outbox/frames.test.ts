import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeMark, encodeRecord, scan } from './frames.ts'

const record = fc.record({
  run: fc.stringMatching(/^[0-9A-Z]{26}$/),
  seq: fc.integer({ min: 1, max: 2 ** 40 }),
  atMs: fc.integer({ min: 0, max: 2 ** 45 }),
  body: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
})

test('what was written is read, and a file cut anywhere gives all whole entries before the cut', () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 8 }), fc.double({ min: 0, max: 1, noNaN: true }), (records, share) => {
      const frames = records.map(encodeRecord)
      const file = Buffer.concat(frames)
      const cut = Math.floor(share * file.length)
      let wholeBytes = 0
      const whole = frames.filter((frame) => (wholeBytes += frame.length) <= cut).length
      const { entries, validBytes } = scan(file.subarray(0, cut))
      expect(entries).toMatchObject(records.slice(0, whole))
      expect(validBytes).toBe(frames.slice(0, whole).reduce((sum, { length }) => sum + length, 0))
    }),
  )
})

test('a damaged byte ends the reading before its entry, and never makes another entry of it', () => {
  fc.assert(
    fc.property(
      fc.array(record, { minLength: 1, maxLength: 5 }),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (records, where, flip) => {
        const file = Buffer.concat(records.map(encodeRecord))
        const position = where % file.length
        file[position] = (file[position] ?? 0) ^ flip
        const { entries, validBytes } = scan(file)
        expect(validBytes).toBeLessThanOrEqual(position)
        expect(entries).toMatchObject(records.slice(0, entries.length))
      },
    ),
  )
})

test('zeros behind the last entry, as a power cut leaves them, are not entries', () => {
  const mark = encodeMark({ settled: [['R', 1, 2]], gap: { fromMs: 1, toMs: 2, dropped: 3 } })
  const { entries, validBytes } = scan(Buffer.concat([mark, Buffer.alloc(4096)]))
  expect(entries).toEqual([{ kind: 'mark', settled: [['R', 1, 2]], gap: { fromMs: 1, toMs: 2, dropped: 3 } }])
  expect(validBytes).toBe(mark.length)
})
