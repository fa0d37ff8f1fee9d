// Two minutes in which everything fails that may: nothing that was acknowledged is lost, nothing comes twice or out of order, and all of it
// recovers by itself. `npm run e2e -- faults --minutes 60 --seed 7` goes on for longer.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { check } from './checker.ts'
import { faults } from './faults.ts'
import { collect, keepStates } from './history.ts'
import { openRig, type Rig } from './rig.ts'
import { type Act, schedule } from './scheduler.ts'
import { settle } from './settle.ts'
import { type Done, toTable } from './table.ts'
import { startWork, type Work } from './work.ts'

const seed = Number(process.env.SINDRI_FAULTS_SEED ?? 1)
const durationMs = Number(process.env.SINDRI_FAULTS_MINUTES ?? 1.5) * 60_000
/** What a process may hold more than before. */
const allowedMiB = 48

let rig: Rig
let work: Work
beforeAll(async () => {
  rig = await openRig()
  await keepStates(rig)
  work = await startWork(rig)
})
afterAll(() => rig?.end())

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

async function doAll(): Promise<{ acts: Done[]; missing: string[] }> {
  const missing = faults.flatMap((fault) => {
    const why = fault.missing?.(rig)
    return why ? `${fault.kind} (${why})` : []
  })
  const drawn = new Map(faults.filter((fault) => !fault.missing?.(rig)).map((fault) => [fault.kind, fault]))
  /** Where a fault takes longer than planned, what follows at the same place waits for it. */
  const busy = new Map<string, Promise<void>>()
  const acts: Done[] = []
  const startMs = performance.now()
  const sinceStart = (): number => performance.now() - startMs

  async function act(planned: Act, before: readonly Promise<void>[]): Promise<void> {
    await Promise.all(before)
    const done: Done = { ...planned, beganMs: sinceStart(), endedMs: Number.NaN, said: '' }
    acts.push(done)
    const undo = await drawn.get(planned.kind)?.do(rig, work, planned.target)
    await pause(planned.lengthMs)
    done.said = (await undo?.()) ?? ''
    done.endedMs = sinceStart()
  }
  await Promise.all(
    schedule(seed, durationMs, [...drawn.values()]).map(async (planned) => {
      await pause(planned.atMs)
      const holds = drawn.get(planned.kind)?.holds?.(planned.target) ?? [planned.target]
      const doing = act(
        planned,
        holds.flatMap((part) => busy.get(part) ?? []),
      )
      for (const part of holds) busy.set(part, doing)
      await doing
    }),
  )
  return { acts, missing }
}

it(
  'holds whatever fails',
  async () => {
    const before = await rig.memory()
    const { acts, missing } = await doAll()
    const rest = await settle(rig, work)
    const memory = [...before].map(([process, beforeMiB]) => ({
      process,
      beforeMiB,
      afterMiB: rest.memory.get(process) ?? 0,
      allowedMiB,
    }))
    const history = await collect(rig, work, { ...rest, memory })
    const broken = check(history)
    process.stdout.write(`${toTable({ seed, durationMs, acts, missing, history, broken })}\n`)
    expect(broken).toEqual([])
  },
  durationMs + 15 * 60_000,
)
