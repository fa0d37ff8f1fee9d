// A part of a measurement in a process of its own, so that it takes no time from the others: it is told what to do and answers with what it saw.
import { run } from '@sindri/e2e/kit/processes'
import path from 'node:path'

export interface Role {
  /** Throws what the other process threw. */
  ask<T>(task: string, argument?: unknown): Promise<T>
  end(): Promise<unknown>
}

type Answer = { value: unknown } | { error: string }
type Tasks = Record<string, (argument: never) => unknown>

export function startRole(file: string, env: Record<string, string> = {}): Role {
  let answered: ((answer: Answer) => void) | undefined
  const proc = run(path.join(import.meta.dirname, '..', file), env, (message) => answered?.(message as Answer))
  void proc.exited.then((code) => answered?.({ error: `${file} ended with ${code}:\n${proc.output()}` }))
  return {
    async ask<T>(task: string, argument?: unknown) {
      const answer = await new Promise<Answer>((resolve) => {
        answered = resolve
        proc.child.send({ task, argument })
      })
      if ('error' in answer) throw new Error(answer.error)
      return answer.value as T
    },
    end: () => proc.end(),
  }
}

/** The other side, in the process itself. */
export function serveRole(tasks: Tasks): void {
  const perform = async ({ task, argument }: { task: string; argument: unknown }): Promise<Answer> => {
    try {
      return { value: (await tasks[task]?.(argument as never)) ?? null }
    } catch (error) {
      return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) }
    }
  }
  process.on('message', (message: { task: string; argument: unknown }) => {
    void perform(message).then((answer) => process.send?.(answer))
  })
  process.on('disconnect', () => process.exit(0))
}

/** One clock for all processes of this machine. */
export const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6
