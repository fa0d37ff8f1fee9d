// `npm run check`: everything that can be judged without running the product; `-- --fix` puts right what a program can.
import os from 'node:os'
import { type Check, checks, type Verdict } from './kit/checks.ts'
import { Ended, program } from './kit/program.ts'
import { seconds } from './kit/say.mjs'
import { generateClient, generateDocuments, printSchema } from './kit/steps.ts'

interface Row {
  name: string
  state: 'ok' | 'FAILED' | 'nothing yet'
  ms: number
}

await program(async () => {
  const all = checks()
  // First: a repair by types that are not there takes away what is needed.
  await generateClient()
  const fix = process.argv.includes('--fix')
  // A document may ask for what the schema has only in its code yet.
  if (fix) await printSchema()
  await generateDocuments()
  if (fix) {
    // One after the other: they write the same files.
    for (const { name, repair } of all) if (repair) report(name, await repair())
    await generateDocuments()
  }
  const waiting = all.values()
  const rows: Row[] = []
  const work = async (): Promise<void> => {
    for (const check of waiting) rows.push(await judge(check))
  }
  await Promise.all(Array.from({ length: os.availableParallelism() }, work))

  const ordered = all.map(({ name }) => rows.find((row) => row.name === name)).filter((row) => !!row)
  console.log(
    ordered
      .map(({ name, state, ms }) => `  ${name.padEnd(14)} ${state.padEnd(11)} ${seconds(ms).padStart(7)}`)
      .join('\n'),
  )
  const failed = rows.filter(({ state }) => state === 'FAILED').length
  console.log(failed === 0 ? '\nAll checks passed.' : `\n${failed} of ${rows.length} checks failed.`)
  return failed === 0 ? 0 : 1
})

async function judge({ name, judge: work }: Check): Promise<Row> {
  const began = performance.now()
  if (!work) return { name, state: 'nothing yet', ms: 0 }
  const verdict = await work()
  if (verdict.code > 128) throw new Ended(verdict.code)
  report(name, verdict)
  return { name, state: verdict.code === 0 ? 'ok' : 'FAILED', ms: performance.now() - began }
}

function report(name: string, { code, output }: Verdict): void {
  if (code !== 0) console.log(`── ${name} ${'─'.repeat(60)}\n${output.trimEnd()}\n`)
}
