import { describe, expect, test } from 'vitest'
import { silhouettes } from '../ui/glyphs.ts'
import { commandLine, commandLook, commandText, tookMs } from './commandWords.ts'

const end = { exitCode: null, signal: null, cancelledBy: null }

describe('how a command is', () => {
  test.each([
    ['QUEUED', {}, 'Waits for its agent'],
    ['RUNNING', {}, 'Running'],
    ['RUNNING', { cancelledBy: 'Dana' }, 'Running, told to end'],
    ['FAILED', { exitCode: 2 }, 'Failed, exit 2'],
    ['FAILED', { signal: 'SIGKILL' }, 'Failed, SIGKILL'],
    ['FAILED', {}, 'Could not start'],
    ['INTERRUPTED', {}, 'May have run'],
  ] as const)('%s %j is said', (state, more, word) => expect(commandLook({ ...end, state, ...more }).word).toBe(word))

  test('is told by silhouette: no two final states share one', () => {
    const states = [
      'QUEUED',
      'SENT',
      'RUNNING',
      'SUCCEEDED',
      'FAILED',
      'TIMED_OUT',
      'CANCELLED',
      'UNREACHABLE',
    ] as const
    const shapes = states.map((state) => JSON.stringify(silhouettes[commandLook({ ...end, state }).glyph].strokes))
    expect(new Set(shapes).size).toBe(states.length)
  })
})

describe('what a command is', () => {
  test('is the line as it was typed, or its words as a shell would need them', () => {
    expect(commandText({ command: "echo 'a'", args: null })).toBe("echo 'a'")
    expect(commandText({ command: 'printf', args: ['%s', 'a b', "it's", ''] })).toBe(`printf %s 'a b' 'it'\\''s' ''`)
  })

  test('is one line of a list, however long', () => {
    expect(commandLine({ command: 'cd /srv\n  make', args: null })).toBe('cd /srv ↵ make')
    expect(commandLine({ command: 'x'.repeat(60_000), args: null })).toHaveLength(301)
  })
})

test('it takes what its machine measured, else the time since it began', () => {
  const startedAt = '2026-01-01T00:00:00.000Z'
  const now = Date.parse(startedAt) + 1500
  expect(tookMs({ durationMs: 70, state: 'SUCCEEDED', startedAt }, now)).toBe(70)
  expect(tookMs({ durationMs: null, state: 'RUNNING', startedAt }, now)).toBe(1500)
  expect(tookMs({ durationMs: null, state: 'RUNNING', startedAt }, now - 9000)).toBe(0)
  expect(tookMs({ durationMs: null, state: 'QUEUED', startedAt: null }, now)).toBeNull()
  expect(tookMs({ durationMs: null, state: 'INTERRUPTED', startedAt }, now)).toBeNull()
})
