import { expect, test } from 'vitest'
import { cleanPaste, pasteQuestion, SHOWN_LINES } from './paste.ts'

const plain = { bracketed: false, asks: true }

test('a single line is pasted without a question', () => {
  expect(pasteQuestion('ls -l', plain)).toBeNull()
})

test('several lines are shown before they run, whatever ends them', () => {
  expect(pasteQuestion('one\r\ntwo\rthree\n', plain)).toEqual({ lines: ['one', 'two', 'three'], more: 0, count: 3 })
})

test('a line that ends with a line break would run at once, so it asks', () => {
  expect(pasteQuestion('rm -rf build\n', plain)).toEqual({ lines: ['rm -rf build'], more: 0, count: 1 })
})

test('nothing is asked of a program that takes a paste as a whole, nor of somebody who does not want it', () => {
  expect(pasteQuestion('one\ntwo', { bracketed: true, asks: true })).toBeNull()
  expect(pasteQuestion('one\ntwo', { bracketed: false, asks: false })).toBeNull()
})

test('of a long paste the first lines are shown, and how many follow', () => {
  const text = Array.from({ length: 40 }, (_, at) => `line ${at}`).join('\n')
  expect(pasteQuestion(text, plain)).toMatchObject({ more: 40 - SHOWN_LINES, count: 40 })
})

test('a paste cannot end the brackets around it', () => {
  expect(cleanPaste('a\x1b[201~\rrm -rf ~\r\x9b201~\tz\n')).toBe('a[201~\rrm -rf ~\r201~\tz\n')
})
