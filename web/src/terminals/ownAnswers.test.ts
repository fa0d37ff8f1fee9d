import { expect, test } from 'vitest'
import { isOwnAnswer } from './ownAnswers.ts'

test.each([
  ['device attributes', '\x1b[?1;2c'],
  ['secondary attributes', '\x1b[>0;276;0c'],
  ['status', '\x1b[0n'],
  ['cursor position', '\x1b[24;80R'],
  ['two reports in one', '\x1b[24;80R\x1b[?1;2c'],
  ['mode report', '\x1b[?2026;2$y'],
  ['background colour', '\x1b]11;rgb:0d0d/0f0f/1313\x1b\\'],
  ['a status string', '\x1bP1$r0m\x1b\\'],
  ['focus', '\x1b[I'],
])('%s is an answer of the emulator', (_, data) => expect(isOwnAnswer(data)).toBe(true))

test.each([
  ['a letter', 'c'],
  ['an arrow', '\x1b[A'],
  ['delete', '\x1b[3~'],
  ['escape', '\x1b'],
  ['a paste that mentions a report', 'echo \x1b[0n'],
  ['bracketed paste', '\x1b[200~ls\x1b[201~'],
])('%s was typed', (_, data) => expect(isOwnAnswer(data)).toBe(false))
