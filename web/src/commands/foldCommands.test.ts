import { describe, expect, test } from 'vitest'
import type { CommandLineFragment, CommandState } from '../graph/gql/graphql.ts'
import { commandChanges, isOpen } from './foldCommands.ts'

const command = (state: CommandState, more: Partial<CommandLineFragment> = {}): CommandLineFragment => ({
  id: 'cmd_1',
  instanceId: 'ins_1',
  instanceName: 'forge',
  actorId: 'usr_1',
  actorName: 'Dana',
  command: 'true',
  args: null,
  cwd: null,
  envNames: [],
  stdinBytes: 0,
  timeoutMs: 30_000,
  state,
  exitCode: null,
  signal: null,
  message: null,
  stdoutBytes: 0,
  stderrBytes: 0,
  droppedBytes: 0,
  at: '2026-01-01T00:00:00.000Z',
  startedAt: null,
  durationMs: null,
  cancelledBy: null,
  ...more,
})
const FINAL = ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'CANCELLED', 'UNREACHABLE', 'INTERRUPTED'] as const
const ORDER = ['QUEUED', 'SENT', 'RUNNING'] as const

describe('a command', () => {
  test('moves forward alone: whichever word comes last, the further one stays', () => {
    const stages = [...ORDER, 'SUCCEEDED'] as const
    for (const [at, early] of stages.entries())
      for (const late of stages.slice(at + 1)) {
        const [one, other] = [command(early), command(late)]
        expect(commandChanges.newerOf(one, other)).toBe(other)
        expect(commandChanges.newerOf(other, one)).toBe(other)
      }
  })

  test.each(FINAL)('that is %s changes no more', (state) => {
    expect(isOpen({ state })).toBe(false)
    expect(commandChanges.isFinal(command(state))).toBe(true)
    for (const early of ORDER) expect(commandChanges.newerOf(command(state), command(early)).state).toBe(state)
  })

  test.each(ORDER)('that is %s may change', (state) => expect(commandChanges.isFinal(command(state))).toBe(false))

  test('that runs has written no less than was known, and stays told to end', () => {
    const [less, more] = [
      command('RUNNING', { stdoutBytes: 3 }),
      command('RUNNING', { stdoutBytes: 3, stderrBytes: 1 }),
    ]
    expect(commandChanges.newerOf(less, more)).toBe(more)
    expect(commandChanges.newerOf(more, less)).toBe(more)
    const told = command('RUNNING', { cancelledBy: 'Dana' })
    expect(commandChanges.newerOf(told, command('RUNNING'))).toBe(told)
    expect(commandChanges.newerOf(command('RUNNING'), told)).toBe(told)
  })
})
