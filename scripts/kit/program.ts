// The frame of every script here: its number is the exit code, its error one clear line.
import { say } from './say.mjs'

export async function program(work: () => Promise<number>): Promise<never> {
  try {
    process.exit(await work())
  } catch (error) {
    say(`sindri: ${error instanceof Error ? error.message : String(error)}`)
    process.exit(1)
  }
}
