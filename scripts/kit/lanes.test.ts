import { expect, test } from 'vitest'
import {
  LANES,
  type Outcome,
  plan,
  type Report,
  toFaultList,
  toOutcome,
  toSkipped,
  toTable,
  toVerdict,
} from './lanes.ts'

const report = (passed: number, failed: number, skipped: number, todo = 0): Report => ({
  numTotalTests: passed + failed + skipped + todo,
  numPassedTests: passed,
  numFailedTests: failed,
  numPendingTests: skipped,
  numTodoTests: todo,
  testResults: [],
})
const ran = (passed: number, failed = 0, skipped = 0): Outcome =>
  toOutcome('unit', failed > 0 ? 1 : 0, report(passed, failed, skipped), 1_200)

test('without arguments every lane runs', () => {
  expect(plan([])).toEqual({ lanes: LANES, filters: [] })
})

test('the name of a lane narrows the lanes, anything else the files', () => {
  const { lanes, filters } = plan(['services', 'instances'])
  expect(lanes.map(({ name }) => name)).toEqual(['services'])
  expect(filters).toEqual(['instances'])
})

test('skipped and planned tests both count as skipped', () => {
  expect(toOutcome('unit', 0, report(3, 0, 1, 2), 0)).toMatchObject({ state: 'ran', passed: 3, failed: 0, skipped: 3 })
})

test('a file that does not load counts as a failure', () => {
  const broken = { ...report(3, 0, 0), testResults: [{ status: 'failed', name: 'x.test.ts', assertionResults: [] }] }
  expect(toOutcome('unit', 1, broken, 0)).toMatchObject({ failed: 1, why: '1 did not load' })
})

test('what failed is told again with the lane, the file, the test and the first lines of why', () => {
  const failures = {
    ...report(1, 1, 0),
    testResults: [
      {
        status: 'failed',
        name: 'x.test.ts',
        assertionResults: [
          { status: 'passed', fullName: 'adds' },
          {
            status: 'failed',
            fullName: 'sum adds up',
            failureMessages: ['\u001b[31mexpected 4\u001b[39m\n\n  got 5\n3\n4\n5\n6'],
          },
        ],
      },
      { status: 'failed', name: 'y.test.ts', message: 'no such module', assertionResults: [] },
    ],
  }
  const outcomes = [toOutcome('unit', 1, failures, 0), ran(3)]
  expect(toFaultList(outcomes)).toBe(
    'Failed in unit: x.test.ts > sum adds up\n  expected 4\n    got 5\n  3\n  4\n  5\n\nFailed in unit: y.test.ts\n  no such module\n',
  )
  expect(toFaultList([ran(3)])).toBe('')
})

test('an error outside every test, or a process that dies without a report, counts as a failure', () => {
  expect(toOutcome('unit', 1, report(3, 0, 0), 0)).toMatchObject({ passed: 3, failed: 1, why: 'exit code 1' })
  expect(toOutcome('unit', 9, null, 0)).toMatchObject({ state: 'ran', failed: 1, why: 'exit code 9' })
})

test('a lane without files is empty, whether or not it could have run', () => {
  expect(toOutcome('e2e', 0, null, 0).state).toBe('empty')
  expect(toSkipped('browser', 'no Chromium', 0).state).toBe('empty')
})

test('the plain line adds all lanes up', () => {
  expect(toVerdict([ran(3, 0, 1), ran(4, 1)], false).line).toBe('7 passed, 1 failed, 1 skipped')
})

test('a failure fails the run, and so does a run in which nothing passed', () => {
  expect(toVerdict([ran(3, 1)], false).exitCode).toBe(1)
  expect(toVerdict([ran(0)], false).exitCode).toBe(1)
  expect(toVerdict([ran(3)], false).exitCode).toBe(0)
})

test('what was skipped fails the run only where nothing may be skipped', () => {
  const outcomes = [ran(3), toSkipped('services', 'no Redis at 127.0.0.1:6379: refused', 5)]
  expect(toVerdict(outcomes, false)).toEqual({ line: '3 passed, 0 failed, 5 skipped', exitCode: 0 })
  expect(toVerdict(outcomes, true).exitCode).toBe(1)
  expect(toVerdict([ran(3, 0, 1)], true).exitCode).toBe(1)
  expect(toVerdict([ran(3), toSkipped('e2e', '', 0)], true).exitCode).toBe(1)
  expect(toVerdict([ran(3)], true).exitCode).toBe(0)
})

test('the table says of each lane what became of it, and why', () => {
  const table = toTable([ran(12), toSkipped('services', 'no Redis at 127.0.0.1:6379: refused', 5)])
  expect(table.split('\n')).toEqual([
    'lane               passed  failed  skipped   time',
    'unit      ran          12       0        0  1.2 s',
    'services  skipped       0       0        5  0.0 s  no Redis at 127.0.0.1:6379: refused',
  ])
})
