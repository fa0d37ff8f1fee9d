import { expect, it } from 'vitest'
import { createLog } from './log.ts'
import type { LogLevel } from './log.ts'

const capture = (level: LogLevel = 'info') => {
  const lines: string[] = []
  return {
    log: createLog(level, (line) => lines.push(line)),
    parsed: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
  }
}

it('a line is JSON with time, level, message and fields, and an error keeps its stack and causes', () => {
  const { log, parsed } = capture()
  log.with({ requestId: 'req_1' }).warn('the last use\ncould not be written', {
    id: 'key_1',
    error: new Error('no', { cause: new Error('disk full') }),
    bytes: 10n,
  })
  expect(parsed()).toEqual([
    {
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      level: 'warn',
      message: 'the last use\ncould not be written',
      requestId: 'req_1',
      id: 'key_1',
      error: expect.objectContaining({
        message: 'no',
        stack: expect.stringContaining('log.test.ts'),
        cause: expect.objectContaining({ message: 'disk full' }),
      }),
      bytes: 10,
    },
  ])
})

it('what is below the level is not written', () => {
  const { log, parsed } = capture('warn')
  log.debug('a')
  log.info('b')
  log.error('c')
  expect(parsed()).toMatchObject([{ level: 'error', message: 'c' }])
})

it('a secret that somebody logs by mistake is not written', () => {
  const { log, parsed } = capture()
  log.info('request', {
    token: 'hunter2',
    headers: { authorization: 'hunter2', cookie: 'hunter2' },
    row: { passwordHash: 'hunter2' },
  })
  expect(JSON.stringify(parsed())).not.toContain('hunter2')
})
