import { expect, test } from 'vitest'
import { oneLine, plain, toBytes, toNotice } from './text.ts'

test('text is cut to its length, without NUL and without half a character', () => {
  expect(plain('short', 10)).toBe('short')
  expect(plain('a\0b', 10)).toBe('ab')
  expect(plain('x'.repeat(11), 10)).toBe(`${'x'.repeat(9)}…`)
  expect(plain(`${'x'.repeat(8)}😀😀`, 10)).toBe(`${'x'.repeat(8)}\uFFFD…`)
  expect(toNotice('n'.repeat(1000))).toHaveLength(256)
})

test('what somebody else wrote becomes part of one line, without what a terminal would obey', () => {
  expect(oneLine('  one\r\ntwo\u001B[2Jthree\u2028four\t ')).toBe('one two [2Jthree four')
  expect(oneLine('x'.repeat(400))).toHaveLength(300)
})

test.each(['', 'plain', 'naïve ünïcode', '名前 👩‍💻', 'half \uD83D of a character', 'x'.repeat(100_000) + 'ï'])(
  'text becomes the bytes of its UTF-8: %j',
  (text) => {
    expect(toBytes(text).equals(Buffer.from(text))).toBe(true)
  },
)
