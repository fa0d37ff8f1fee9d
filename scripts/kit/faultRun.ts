// `npm run e2e -- faults --minutes 60 --seed 7`: how long the fault suite goes on, and with which sequence, as variables for the test.

const variables = { '--minutes': 'SINDRI_FAULTS_MINUTES', '--seed': 'SINDRI_FAULTS_SEED' } as const

export interface FaultRun {
  /** Without what was read here. */
  args: string[]
  env: Record<string, string>
}

export function readFaultRun(argv: readonly string[]): FaultRun {
  const run: FaultRun = { args: [], env: {} }
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i] as string
    const variable = arg in variables ? variables[arg as keyof typeof variables] : undefined
    if (!variable || !argv.includes('faults')) {
      run.args.push(arg)
      continue
    }
    const value = argv[++i] ?? ''
    const isRight = arg === '--seed' ? /^\d{1,9}$/.test(value) : /^\d{1,4}(\.\d+)?$/.test(value) && Number(value) >= 0.5
    if (!isRight) {
      const expected = arg === '--seed' ? 'a whole number' : 'minutes, at least 0.5'
      throw new Error(`${arg}: expected ${expected}, got ${JSON.stringify(value)}`)
    }
    run.env[variable] = value
  }
  return run
}
