// What a benchmark found: figures beside the bare limit measured in the same run, as a table or as one line of JSON.

export interface Goal {
  name: string
  figure: number
  goal: number
  /** 'max': the figure must not exceed the goal. */
  kind: 'min' | 'max'
}

export interface Report {
  bench: string
  figures: Record<string, number>
  /** The same measured without the product. */
  baselines: Record<string, number>
  ratios: Record<string, number>
  goals: Goal[]
}

const round = (value: number): number => Number(value.toPrecision(4))
const rounded = (values: Record<string, number>): Record<string, number> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, round(value)]))

export function print(report: Report): void {
  const goals = report.goals.map(({ name, figure, goal, kind }) => ({
    name,
    figure: round(figure),
    goal,
    met: kind === 'max' ? figure <= goal : figure >= goal,
  }))
  const whole = {
    bench: report.bench,
    figures: rounded(report.figures),
    baselines: rounded(report.baselines),
    ratios: rounded(report.ratios),
    goals,
  }
  if (process.argv.includes('--json')) {
    process.stdout.write(`${JSON.stringify(whole)}\n`)
    return
  }
  const lines = (title: string, values: Record<string, number>): string =>
    `  ${title}\n${Object.entries(values)
      .map(([name, value]) => `    ${name.padEnd(50)}${value}`)
      .join('\n')}\n`
  process.stdout.write(
    `\n${report.bench}\n${lines('measured', whole.figures)}${lines('bare, in the same run', whole.baselines)}${lines('ratios', whole.ratios)}`,
  )
  for (const { name, figure, goal, met } of goals)
    process.stdout.write(`  ${met ? 'met' : 'NOT MET'}  ${name}: ${figure}, goal ${goal}\n`)
}

/** The value below which the given share of all values lies. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export const elapsedMs = (sinceMs: number): number => performance.now() - sinceMs
