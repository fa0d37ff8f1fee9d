// The frame of every script here: its number is the exit code, its error one clear line.
import { say } from './say.mjs'

/** Somebody else has said what happened, or the user knows: only the exit code is left to pass on. */
export class Ended extends Error {
  readonly exitCode: number
  constructor(exitCode: number, message = `ended with exit code ${exitCode}`) {
    super(message)
    this.exitCode = exitCode
  }
}

/** What is configured by the environment alone says so, rather than leave a flag unheard. */
export function noArguments(command: string): void {
  const args = process.argv.slice(2).join(' ')
  if (args) throw new Error(`expected variables in front, such as PORT=3001 ${command}, got the arguments "${args}"`)
}

export async function program(work: () => Promise<number>): Promise<never> {
  try {
    process.exit(await work())
  } catch (error) {
    if (error instanceof Ended) process.exit(error.exitCode)
    say(`sindri: ${error instanceof Error ? error.message : String(error)}`)
    process.exit(1)
  }
}
