import { expect, test } from 'vitest'
import { closingWords, terminalLook } from './terminalWords.ts'

const closed = { reason: 'EXITED', message: null, exitCode: 0, signal: null, closedBy: null } as const

test('a terminal that exited tells its code, or the signal that ended it', () => {
  expect(closingWords(closed)).toBe('Exit code 0.')
  expect(closingWords({ ...closed, exitCode: null, signal: 'SIGHUP' })).toBe('Ended by SIGHUP.')
})

test('a terminal that somebody ended names them, and one that failed says what the agent said', () => {
  expect(closingWords({ ...closed, reason: 'ENDED', closedBy: 'dana@example.com' })).toBe('Ended by dana@example.com.')
  expect(closingWords({ ...closed, reason: 'FAILED', message: 'No such shell: /bin/fish.' })).toBe(
    'No such shell: /bin/fish.',
  )
})

test('a failed terminal is drawn as an error, an ended one as stopped', () => {
  expect(terminalLook({ state: 'CLOSED', reason: 'FAILED', mine: true }, false).glyph).toBe('error')
  expect(terminalLook({ state: 'CLOSED', reason: 'ENDED', mine: true }, false).glyph).toBe('stopped')
})

test('one of mine that runs is shown here or detached; of others it is only known that it is open', () => {
  expect(terminalLook({ state: 'READY', reason: null, mine: true }, true).word).toBe('Shown here')
  expect(terminalLook({ state: 'READY', reason: null, mine: true }, false).word).toBe('Detached')
  expect(terminalLook({ state: 'READY', reason: null, mine: false }, false).word).toBe('Open')
})
