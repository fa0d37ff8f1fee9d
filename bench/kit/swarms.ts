// Thousands of simulated agents at a console, in as many processes as they need, and how many of them are there.
import { type Proc, until } from '@sindri/e2e/kit/processes'
import type { World } from '@sindri/e2e/kit/world'
import type { Rows } from './rows.ts'

/** One process serves so many without being late. */
const PER_PROCESS = 2_500
const ARRIVE_WITHIN_MS = 900_000

export interface Swarms {
  /** Resolves once so many more are there. */
  add(agents: number): Promise<void>
  /** Which of them have gone on by themselves, for whom it may concern. */
  output(): string
}

export function createSwarms(world: World, rows: Rows): Swarms {
  const all: Proc[] = []
  let agents = 0
  return {
    async add(more) {
      for (let left = more; left > 0; left -= PER_PROCESS)
        all.push(world.startSwarm(Math.min(left, PER_PROCESS), '--prefix', `swarm-${all.length}`))
      agents += more
      await until(
        `${agents} agents`,
        async () => (await rows.count(`select count(*) from instances where liveness = 'ONLINE'`)) >= agents,
        ARRIVE_WITHIN_MS,
      )
    },
    output: () => all.map((proc) => proc.output()).join('\n'),
  }
}

/** `--agents 2000`; without it, as many as the bench asks for. */
export function agentsAsked(instead: number): number {
  const at = process.argv.indexOf('--agents')
  const asked = at === -1 ? instead : Number(process.argv[at + 1])
  if (!Number.isInteger(asked) || asked < 1 || asked > 20_000)
    throw new Error(`--agents: expected a whole number from 1 to 20000, got ${process.argv[at + 1]}`)
  return asked
}
