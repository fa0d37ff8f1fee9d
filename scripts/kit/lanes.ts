// The lanes of `npm test`: what each needs, how its outcome is counted, and the table and plain line at the end.
import { stripVTControlCharacters } from 'node:util'
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
  /** What failed, each with the first lines of why: told again at the end, where a long log is read first. */
  faults: readonly string[]
}

/** The part of vitest's JSON report that is counted. */
export interface Report {
  numTotalTests: number
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  testResults: {
    status: string
    name: string
    message?: string
    assertionResults: { status: string; fullName?: string; failureMessages?: string[] }[]
  }[]
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
    faults: report ? toFaults(report) : [],
  }
}

/** How much of a failure is told again: enough to know it, while twenty of them still fit on a screen or two. */
const FAULT_LINES = 5

function toFaults({ testResults }: Report): string[] {
  return testResults.flatMap(({ status, name, message, assertionResults }) => {
    const failed = assertionResults.filter((test) => test.status === 'failed')
    if (failed.length === 0) return status === 'failed' ? [toFault(name, message)] : []
    return failed.map(({ fullName, failureMessages }) => toFault(`${name} > ${fullName}`, failureMessages?.[0]))
  })
}

function toFault(what: string, why = ''): string {
  const lines = stripVTControlCharacters(why)
    .split('\n')
    .filter((line) => line.trim() !== '')
  return [what, ...lines.slice(0, FAULT_LINES).map((line) => `  ${line}`)].join('\n')
}

/** A lane that cannot run counts its files as skipped: how many tests they hold is only known by loading them. */
export function toSkipped(lane: string, why: string, files: number): Outcome {
  return { lane, state: files > 0 ? 'skipped' : 'empty', why, passed: 0, failed: 0, skipped: files, ms: 0, faults: [] }
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

/** What failed in all lanes, to be printed above the table: empty where nothing did. */
export function toFaultList(outcomes: readonly Outcome[]): string {
  return outcomes.flatMap(({ lane, faults }) => faults.map((fault) => `Failed in ${lane}: ${fault}\n`)).join('\n')
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
