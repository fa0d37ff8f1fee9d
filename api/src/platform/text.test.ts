import { describe, expect, it, test } from 'vitest'
import { likePart, lineOf, searchOf, toBytes } from './text.ts'

describe('a line of text', () => {
  it('is trimmed and keeps every other character', () => {
    expect(lineOf('name', '  Ünïcode 👩‍💻 名前  ', 1, 128)).toBe('Ünïcode 👩‍💻 名前')
  })

  it.each([
    ['nothing but spaces', '   '],
    ['too long', 'x'.repeat(129)],
    ['not text', 7],
    ['null', null],
  ])('is refused when it is %s', (_, value) => {
    expect(() => lineOf('input.name', value, 1, 128)).toThrow('input.name: expected 1 to 128 characters, got')
  })

  it.each(['a\0b', 'a\nb', 'a\u001b[31mb', 'a\ud800b', 'a\u202eb'])('is refused with the character in %j', (value) => {
    expect(() => lineOf('input.name', value, 1, 128)).toThrow('one line without control characters')
  })
})

it('a search is lower case, and null when it is empty', () => {
  expect(searchOf('search', ' Web Box ', 200)).toBe('web box')
  expect(searchOf('search', ' ', 200)).toBeNull()
  expect(searchOf('search', null, 200)).toBeNull()
  expect(() => searchOf('search', 'x'.repeat(201), 200)).toThrow('search: expected 0 to 200 characters')
})

it('what was typed means itself inside a pattern', () => {
  expect(likePart('50%_\\')).toBe(String.raw`%50\%\_\\%`)
})

test.each(['', 'plain', 'naïve ünïcode', '名前 👩‍💻', 'half \uD83D of a character', 'x'.repeat(100_000) + 'ï'])(
  'text becomes the bytes of its UTF-8: %j',
  (text) => {
    expect(toBytes(text).equals(Buffer.from(text))).toBe(true)
  },
)
