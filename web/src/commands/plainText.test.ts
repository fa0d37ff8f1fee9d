import { describe, expect, test } from 'vitest'
import { createPlainText } from './plainText.ts'

const encoder = new TextEncoder()
const whole = (text: string): string => {
  const plain = createPlainText()
  return plain.take(encoder.encode(text)) + plain.end()
}
const inPieces = (text: string, length: number): string => {
  const bytes = encoder.encode(text)
  const plain = createPlainText()
  let shown = ''
  for (let at = 0; at < bytes.length; at += length) shown += plain.take(bytes.subarray(at, at + length))
  return shown + plain.end()
}

describe('of what a program wrote', () => {
  test.each([
    ['colours are gone', 'a \u001b[1;31mred\u001b[0m b', 'a red b'],
    ['cursor moves are gone', 'x\u001b[2J\u001b[H\u001b[?25ly', 'xy'],
    ['a title is gone, with either end', '\u001b]0;title\u0007a\u001b]2;t\u001b\\b', 'ab'],
    ['a link keeps its words', '\u001b]8;;https://x.example\u001b\\here\u001b]8;;\u001b\\', 'here'],
    ['a request to the terminal is gone', 'a\u001bP+q544e\u001b\\b\u001bcc\u001b(B', 'abc'],
    ['lines end as lines', 'a\r\nb\rc\n', 'a\nb\nc\n'],
    ['tabs and new lines stay', 'a\tb\n', 'a\tb\n'],
    ['other controls are signs', 'a\u0000\u0007\u0008\u007fb', 'a␀␇␈␡b'],
    ['controls of the upper row are no characters', 'a\u009bmb', 'a\ufffdmb'],
    ['an escape that begins nothing is a sign', 'a\u001b\u00e4b', 'a␛äb'],
    ['a sequence without an end is shown', 'a\u001b[12', 'a␛[12'],
    ['markup is text', '<script>alert(1)</script>&amp;', '<script>alert(1)</script>&amp;'],
  ])('%s', (_, written, shown) => expect(whole(written)).toBe(shown))

  test('it is the same however it was cut into pieces', () => {
    const text =
      'Grüße 😀 €\r\n\u001b[38;5;208mheat\u001b[0m\r\n\u001b]8;;https://x.example\u001b\\日本\u001b]8;;\u001b\\\r10%\r20%\n\u001b(B\u001b7\u0001'
    const shown = whole(text)
    expect(shown).toBe('Grüße 😀 €\nheat\n日本\n10%\n20%\n␁')
    for (let length = 1; length <= 40; length++) expect([length, inPieces(text, length)]).toEqual([length, shown])
  })

  test('a character that came in part is shown once it is whole', () => {
    const [first, second] = [encoder.encode('€').subarray(0, 2), encoder.encode('€').subarray(2)]
    const plain = createPlainText()
    expect(plain.take(first)).toBe('')
    expect(plain.take(second)).toBe('€')
  })

  test('a title that never ends is not waited for', () => {
    const plain = createPlainText()
    expect(plain.take(encoder.encode('a\u001b]0;'))).toBe('a')
    expect(plain.take(encoder.encode('x'.repeat(5000)))).toBe(`␛]0;${'x'.repeat(5000)}`)
    expect(plain.take(encoder.encode('b'))).toBe('b')
  })
})
