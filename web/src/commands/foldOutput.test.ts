import { Buffer } from 'node:buffer'
import { describe, expect, test } from 'vitest'
import { createOutput, type OutputNews, textOf } from './foldOutput.ts'

const piece = (offset: number, text: string | Buffer, stream: 'STDOUT' | 'STDERR' = 'STDOUT'): OutputNews => ({
  stream,
  offset,
  data: Buffer.from(text as string).toString('base64'),
})
const shownOf = (output: ReturnType<typeof createOutput>) => textOf(output.view().STDOUT)

describe('what a command wrote', () => {
  test('is put together by offsets, each output by itself', () => {
    const output = createOutput()
    output.take(piece(0, 'one\n'))
    output.take(piece(0, 'oh\n', 'STDERR'))
    output.take(piece(4, 'two\n'))
    expect(output.view()).toEqual({
      STDOUT: { bytes: 8, blocks: [{ at: 0, text: 'one\ntwo\n' }], cut: 0 },
      STDERR: { bytes: 3, blocks: [{ at: 0, text: 'oh\n' }], cut: 0 },
      whole: false,
    })
    expect(output.known()).toEqual({ stdout: 8, stderr: 3 })
  })

  test('is there once, however often a piece comes and wherever it begins', () => {
    const output = createOutput()
    output.take(piece(0, 'abc'))
    output.take(piece(0, 'abc'))
    output.take(piece(1, 'bcde'))
    output.take(piece(2, 'c'))
    expect(shownOf(output)).toBe('abcde')
    expect(output.known().stdout).toBe(5)
  })

  test('has no hole: what comes too early is asked for again', () => {
    const output = createOutput()
    output.take(piece(0, 'ab'))
    output.take(piece(4, 'ef'))
    expect(shownOf(output)).toBe('ab')
    expect(output.known().stdout).toBe(2)
    output.take(piece(2, 'cdef'))
    expect(shownOf(output)).toBe('abcdef')
  })

  test('is whole when it is said to be, and what was held back comes then', () => {
    const output = createOutput()
    output.take(piece(0, Buffer.from([0x61, 0xe2, 0x82])))
    expect(shownOf(output)).toBe('a')
    output.take('end')
    expect(output.view()).toEqual({
      STDOUT: { bytes: 3, blocks: [{ at: 0, text: 'a\ufffd' }], cut: 0 },
      STDERR: { bytes: 0, blocks: [], cut: 0 },
      whole: true,
    })
    output.take('end')
    expect(shownOf(output)).toBe('a\ufffd')
  })

  test('can be kept byte by byte, whatever is shown of it', async () => {
    const output = createOutput(4)
    const bytes = Buffer.from([0x1b, 0x5b, 0x6d, 0xff, 0x00, 0x0d, 0x0a, 0x41, 0x42])
    output.take(piece(0, bytes.subarray(0, 2)))
    output.take(piece(2, bytes.subarray(2)))
    output.take(piece(0, 'oh', 'STDERR'))
    expect(Buffer.from(await output.bytesOf('STDOUT').arrayBuffer())).toEqual(bytes)
    expect(await output.bytesOf('STDERR').text()).toBe('oh')
  })
})

describe('much of it', () => {
  const line = (n: number) => `${n} ${'x'.repeat(90)}\n`
  const lines = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => line(from + i)).join('')
  const wholeLines = /^(\d+ x+\n)+$/

  test('comes in blocks of whole lines, and only the last one changes', () => {
    const output = createOutput()
    output.take(piece(0, lines(0, 500)))
    const before = output.view().STDOUT
    expect(before.blocks.length).toBeGreaterThan(4)
    expect(before.blocks.every(({ text }) => wholeLines.test(text))).toBe(true)
    output.take(piece(before.bytes, lines(500, 505)))
    const after = output.view().STDOUT
    expect(after.blocks.slice(0, before.blocks.length - 1)).toEqual(before.blocks.slice(0, -1))
    expect(textOf(after)).toBe(lines(0, 505))
  })

  test('is shown from a line near its end, and it is known how much is not', () => {
    const output = createOutput(20_000)
    for (let n = 0; n < 3000; n++) output.take(piece(output.known().stdout, line(n)))
    const view = output.view().STDOUT
    const text = textOf(view)
    expect(text).toMatch(wholeLines)
    expect(text.endsWith(line(2998) + line(2999))).toBe(true)
    expect(view.cut + text.length).toBe(view.bytes)
    expect(text.length).toBeGreaterThanOrEqual(20_000)
    expect(text.length).toBeLessThan(40_000)
  })

  test('without an end of a line is shown all the same, and no character in halves', () => {
    const output = createOutput(20_000)
    for (let n = 0; n < 300; n++) output.take(piece(output.known().stdout, `${n}${'😀'.repeat(200)}`))
    const view = output.view().STDOUT
    expect(view.blocks.length).toBeGreaterThan(1)
    expect(view.blocks.every(({ text }) => text.isWellFormed())).toBe(true)
    expect(textOf(view).endsWith(`299${'😀'.repeat(200)}`)).toBe(true)
    expect(textOf(view).length).toBeLessThan(60_000)
  })

  test('is the same however it came', () => {
    const text = `${lines(0, 200)}${'y'.repeat(50_000)}\n${lines(200, 300)}`
    const [atOnce, bit] = [createOutput(), createOutput()]
    atOnce.take(piece(0, text))
    for (let at = 0; at < text.length; at += 777) bit.take(piece(at, text.slice(at, at + 777)))
    expect(shownOf(atOnce)).toBe(text)
    expect(shownOf(bit)).toBe(text)
  })
})
