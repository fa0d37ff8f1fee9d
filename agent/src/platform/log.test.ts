import { expect, test } from 'vitest'
import { createFakeClock } from './clock.fake.ts'
import { createLog, type LogOptions } from './log.ts'

function capture(options: Partial<LogOptions> = {}) {
  const lines: string[] = []
  const clock = createFakeClock(Date.UTC(2026, 4, 6, 7, 8, 9))
  const log = createLog({ level: 'info', format: 'json', clock, write: (line) => lines.push(line), ...options })
  return { lines, log }
}

test('a JSON line carries time, level, message and fields, and errors with their cause', () => {
  const { lines, log } = capture()
  log.with({ run: 'r1' }).warn('spool failed', { error: new Error('write', { cause: new Error('ENOSPC') }), size: 10n })
  expect(lines).toHaveLength(1)
  expect(lines[0]?.endsWith('\n')).toBe(true)
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    time: '2026-05-06T07:08:09.000Z',
    level: 'warn',
    message: 'spool failed',
    run: 'r1',
    error: 'write (cause: ENOSPC)',
    size: '10',
  })
})

test('what is below the level is not written', () => {
  const { lines, log } = capture({ level: 'warn' })
  log.debug('a')
  log.info('b')
  log.error('c')
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([{ message: 'c' }])
})

test('a plain message with line feeds stays one line', () => {
  const { lines, log } = capture({ format: 'plain' })
  log.info('one\ntwo', { path: '/a\nb', count: 3 })
  expect(lines).toEqual(['07:08:09 info  one ⏎ two path=/a ⏎ b count=3\n'])
})
