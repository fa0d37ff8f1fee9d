// The lanes of `npm test`: what each needs, how its outcome is counted, and the table and plain line at the end.
import type { Need } from './found.ts'
import { seconds } from './say.mjs'

export interface Lane {
  name: string
  /** A project of vitest.config.ts. */
  project: string
  backend: 'embedded' | 'services'
  needs: Need[]
  /** Real processes: they serve the built page. */
  real: boolean
}

export const LANES: readonly Lane[] = [
  { name: 'unit', project: 'unit', backend: 'embedded', needs: [], real: false },
  { name: 'embedded', project: 'stores', backend: 'embedded', needs: [], real: false },
  { name: 'services', project: 'stores', backend: 'services', needs: ['postgres', 'redis'], real: false },
  { name: 'e2e', project: 'e2e', backend: 'embedded', needs: [], real: true },
  { name: 'browser', project: 'browser', backend: 'embedded', needs: ['chromium'], real: true },
  { name: 'e2e-services', project: 'e2e', backend: 'services', needs: ['postgres', 'redis'], real: true },
  {
    name: 'browser-services',
    project: 'browser',
    backend: 'services',
    needs: ['postgres', 'redis', 'chromium'],
    real: true,
  },
]

export interface Outcome {
  lane: string
  state: 'ran' | 'skipped' | 'empty'
  why: string
  passed: number
  failed: number
  skipped: number
  ms: number
}

/** The part of vitest's JSON report that is counted. */
export interface Report {
  numTotalTests: number
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  testResults: { status: string; name: string; assertionResults: { status: string }[] }[]
}

/** Names of lanes narrow the lanes, anything else narrows the files; several narrow to either. */
export function plan(args: readonly string[]): { lanes: readonly Lane[]; filters: string[] } {
  const named = LANES.filter(({ name }) => args.includes(name))
  return {
    lanes: named.length > 0 ? named : LANES,
    filters: args.filter((arg) => !LANES.some(({ name }) => name === arg)),
  }
}

/** A file that does not load, an error outside every test and a process that dies fail like a test that fails. */
export function toOutcome(
  lane: string,
  exitCode: number,
  report: Report | null,
  ms: number,
  fault = `exit code ${exitCode}`,
): Outcome {
  const broken =
    report?.testResults.filter(
      ({ status, assertionResults }) =>
        status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
    ) ?? []
  let failed = (report?.numFailedTests ?? 0) + broken.length
  const why = []
  if (broken.length > 0) why.push(`${broken.length} did not load`)
  if (exitCode !== 0 && failed === 0) {
    failed = 1
    why.push(fault)
  }
  const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0)
  const passed = report?.numPassedTests ?? 0
  return {
    lane,
    state: passed + failed + skipped === 0 ? 'empty' : 'ran',
    why: why.join(', '),
    passed,
    failed,
    skipped,
    ms,
  }
}

/** A lane that cannot run counts its files as skipped: how many tests they hold is only known by loading them. */
export function toSkipped(lane: string, why: string, files: number): Outcome {
  return { lane, state: files > 0 ? 'skipped' : 'empty', why, passed: 0, failed: 0, skipped: files, ms: 0 }
}

export function toTable(outcomes: readonly Outcome[]): string {
  const rows = [
    ['lane', '', 'passed', 'failed', 'skipped', 'time', ''],
    ...outcomes.map((one) => [
      one.lane,
      one.state,
      ...[one.passed, one.failed, one.skipped].map(String),
      seconds(one.ms),
      one.why,
    ]),
  ]
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column > 1 && column < 6 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** On a machine that is known to have everything, whatever did not run is a failure: a lane that lost its files as well. */
export function toVerdict(
  outcomes: readonly Outcome[],
  nothingMayBeSkipped: boolean,
): { line: string; exitCode: number } {
  const sum = (key: 'passed' | 'failed' | 'skipped') => outcomes.reduce((total, outcome) => total + outcome[key], 0)
  const [passed, failed, skipped] = [sum('passed'), sum('failed'), sum('skipped')]
  const isMissing = skipped > 0 || outcomes.some(({ state }) => state === 'empty')
  const isGood = failed === 0 && passed > 0 && !(nothingMayBeSkipped && isMissing)
  return { line: `${passed} passed, ${failed} failed, ${skipped} skipped`, exitCode: isGood ? 0 : 1 }
}
