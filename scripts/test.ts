// `npm test`: every lane that can run here, each as a vitest process of its own; then the table, and one plain line.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { find, type Found, type Need } from './kit/found.ts'
import {
  type Lane,
  type Outcome,
  plan,
  type Report,
  toFaultList,
  toOutcome,
  toSkipped,
  toTable,
  toVerdict,
} from './kit/lanes.ts'
import { Ended, program } from './kit/program.ts'
import { capture, LATE, run } from './kit/run.mjs'
import { say } from './kit/say.mjs'
import { build, generateClient, generateDocuments, root } from './kit/steps.ts'

const vitest = path.join(root, 'node_modules/.bin/vitest')
const folder = mkdtempSync(path.join(os.tmpdir(), 'sindri-test-'))
/** For one lane, several times what it takes on a slow machine: a test that hangs must not hold the run for ever. */
const LIMIT_MINUTES = 15
const { lanes, filters } = plan(process.argv.slice(2))
const known = new Map<Need, Found>()

await program(async () => {
  await generateClient()
  await generateDocuments()
  const outcomes: Outcome[] = []
  try {
    const files = await countFiles()
    for (const lane of lanes) {
      const outcome = await runLane(lane, files.get(lane.project) ?? 0)
      // A filter asks for some files: lanes that have none of them are not worth a line.
      if (filters.length === 0 || outcome.state !== 'empty') outcomes.push(outcome)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  const isCi = process.env['CI'] === 'true'
  const { line, exitCode } = toVerdict(outcomes, isCi)
  const strict = isCi && toVerdict(outcomes, false).exitCode !== exitCode
  console.log(
    `\n${toFaultList(outcomes)}\n${toTable(outcomes)}\n${strict ? '\nCI=true: what did not run counts as failed.\n' : ''}\n${line}`,
  )
  return exitCode
})

async function runLane(lane: Lane, files: number): Promise<Outcome> {
  if (files === 0) return toSkipped(lane.name, '', 0)
  const env = environment(lane)
  for (const need of lane.needs) {
    const found = known.get(need) ?? (await find(need, process.env))
    known.set(need, found)
    if ('why' in found) return toSkipped(lane.name, found.why, files)
    Object.assign(env, found.env)
  }
  const began = performance.now()
  if (lane.real) {
    const fault = await build().then(
      () => null,
      (error: Error) => error,
    )
    if (fault) return toOutcome(lane.name, 1, null, performance.now() - began, fault.message)
  }
  say(`\n${lane.name}`)
  const json = path.join(folder, `${lane.name}.json`)
  // A line for each file where nobody watches: of a run that hung, the log then tells which files are missing.
  const shown = process.env['CI'] === 'true' ? 'default' : 'dot'
  const reporters = [`--reporter=${shown}`, '--reporter=json', `--outputFile.json=${json}`]
  const args = ['run', '--project', lane.project, ...reporters, ...filters]
  const code = await run(vitest, args, { cwd: root, env, limitMs: LIMIT_MINUTES * 60_000 })
  if (code > 128) throw new Ended(code)
  const fault = code === LATE ? `did not end within ${LIMIT_MINUTES} min` : undefined
  return toOutcome(lane.name, code, readReport(json), performance.now() - began, fault)
}

/** What the shell says to a console or an agent must not reach the ones under test. */
function environment(lane: Lane): Record<string, string | undefined> {
  const rest = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('SINDRI_') && !['DATABASE_URL', 'REDIS_URL', 'HOST', 'PORT'].includes(name),
  )
  return { ...Object.fromEntries(rest), SINDRI_TEST_BACKEND: lane.backend }
}

/** How many files each project has for the filters. */
async function countFiles(): Promise<Map<string, number>> {
  const json = path.join(folder, 'files.json')
  const { code, output } = await capture(vitest, ['list', '--filesOnly', `--json=${json}`, ...filters], { cwd: root })
  if (code !== 0) throw new Error(`expected vitest to list the test files, got exit code ${code}:\n${output}`)
  const files = JSON.parse(readFileSync(json, 'utf8')) as { projectName: string }[]
  return new Map(
    Object.entries(Object.groupBy(files, (file) => file.projectName)).map(([name, list]) => [name, list?.length ?? 0]),
  )
}

function readReport(json: string): Report | null {
  try {
    return JSON.parse(readFileSync(json, 'utf8')) as Report
  } catch {
    return null
  }
}
