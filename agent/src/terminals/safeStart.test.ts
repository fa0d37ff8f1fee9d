import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findSafeStart, scan, scanStart, type ScanState } from './safeStart.ts'

const after = (text: string): ScanState => scan(scanStart, Buffer.from(text))
const safe = (before: string, rest: string): string => {
  const bytes = Buffer.from(rest)
  return bytes.subarray(findSafeStart(after(before), bytes)).toString()
}

describe('the safe start of a cut stream', () => {
  test('is the beginning where nothing was cut', () => {
    expect(safe('', 'plain')).toBe('plain')
    expect(safe('one\r\n', 'two')).toBe('two')
  })

  test('is the line after a cut line', () => {
    expect(safe('on', 'e\r\ntwo\r\n')).toBe('two\r\n')
  })

  test.each([
    ['colour', 'x\x1b[38;5;', '12\n3mred\ndone', 'done'],
    ['title ended by BEL', '\x1b]0;ti', 'tle\nstill\x07 text\nnext', 'next'],
    ['title ended by ST', '\x1b]0;ti', 'tle\nstill\x1b\\ text\nnext', 'next'],
    ['device string', '\x1bPq#0;', 'a\nb\nc\x1b\\\nnext', '\nnext'],
    ['charset choice', '\x1b(', 'B\nnext', 'next'],
    ['cancelled sequence', '\x1b[1;', '2\x18\nnext', 'next'],
  ])('is outside a sequence that was cut: %s', (_name, before, rest, expected) => {
    const bytes = Buffer.from(rest)
    const found = bytes.subarray(findSafeStart(after(before), bytes)).toString()
    expect(expected.startsWith('\n') ? `\n${found}` : found).toBe(expected)
  })

  test('is the first whole character outside a sequence where no line feed follows', () => {
    const bytes = Buffer.from('12m\x1b[2J日本')
    expect(findSafeStart(after('\x1b[3'), bytes)).toBe(3)
    const cut = Buffer.from('日本').subarray(1)
    expect(findSafeStart(after('x'), cut)).toBe(2)
  })

  test('is the end where nothing is safe', () => {
    expect(safe('\x1b]0;', 'never ends')).toBe('')
  })

  const token = fc.oneof(
    fc.constantFrom('\n', '\r\n', 'text', ' ', '日', 'é', '\t'),
    fc.constantFrom('\x1b[31m', '\x1b[2;5H', '\x1b[?25l', '\x1b(B', '\x1bM', '\x1b7', '\x1b[1\n;2m'),
    fc.constantFrom('\x1b]0;a\nb\x07', '\x1b]8;;x\x1b\\', '\x1bPq\n~\n\x1b\\', '\x1b_G\n\x1b\\'),
  )

  test('never lies inside a sequence or a character, wherever the stream was cut', () => {
    fc.assert(
      fc.property(fc.array(token, { maxLength: 30 }), fc.nat(), (tokens, at) => {
        const bytes = Buffer.from(tokens.join(''))
        const cut = bytes.length === 0 ? 0 : at % (bytes.length + 1)
        const boundaries = new Set([0])
        const lineStarts = new Set([0])
        let offset = 0
        for (const each of tokens) {
          const isCharacters = !each.startsWith('\x1b')
          for (const character of isCharacters ? each : [each]) {
            offset += Buffer.byteLength(character)
            boundaries.add(offset)
            if (character === '\n') lineStarts.add(offset)
          }
        }
        const found = cut + findSafeStart(scan(scanStart, bytes.subarray(0, cut)), bytes.subarray(cut))
        const nextLine = [...lineStarts].filter((each) => each >= cut && each < bytes.length)
        if (nextLine.length > 0) expect(found).toBe(Math.min(...nextLine))
        else expect(boundaries.has(found)).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  test('is found the same however the stream is divided', () => {
    fc.assert(
      fc.property(
        fc.array(token, { maxLength: 20 }),
        fc.array(fc.nat({ max: 40 }), { maxLength: 6 }),
        (tokens, cuts) => {
          const bytes = Buffer.from(tokens.join(''))
          const places = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length]
          const pieces = places.slice(1).map((to, index) => bytes.subarray(places[index], to))
          expect(pieces.reduce(scan, scanStart)).toEqual(scan(scanStart, bytes))
        },
      ),
    )
  })
})
