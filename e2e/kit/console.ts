// A console as a real process, and what it says of itself once it answers.
import { consoleArgv, consoleEntry } from '../../scripts/kit/entry.ts'
import { type Proc, run } from './processes.ts'

export interface Ready {
  url: string
  enrolSecretFile: string
}
type Told = ({ type: 'ready' } & Ready) | { type: 'failed'; message: string } | { type: 'step' }

/** `ready` is refused where the console ends before, with all that it said. */
export function runConsole(env: Record<string, string | undefined>): { proc: Proc; ready: Promise<Ready> } {
  const { promise: ready, resolve, reject } = Promise.withResolvers<Ready>()
  const onMessage = (message: unknown): void => {
    const told = message as Told
    if (told.type === 'ready') resolve(told)
    else if (told.type === 'failed') reject(new Error(told.message))
  }
  const proc = run(consoleEntry, { SINDRI_LOG_LEVEL: 'warn', PORT: '0', ...env }, onMessage, [], consoleArgv)
  void proc.exited.then((code) => reject(new Error(`the console ended with ${code}:\n${proc.output()}`)))
  return { proc, ready }
}
